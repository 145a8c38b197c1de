"""What was inspected goes up with its values, one document for each time that a sample is judged."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.documents import InspectedValue, InspectionOutcome
from erp_bridge.sdk.flow import Links, Push
from quality.events import InspectionCompleted


class InspectionResultsFlow(Push):
    """Results of inspections."""

    key = "inspection_results"
    label = "Inspection results"
    event = InspectionCompleted
    document = InspectionOutcome
    cadence = every(seconds=30)

    def translate(self, event: InspectionCompleted, links: Links) -> InspectionOutcome:
        """Return the result; how often a value was measured stays here."""
        return InspectionOutcome(
            site=event.site,
            work_order=event.subject,
            erp_work_order=links.work_order(event.subject),
            occurred_at=event.occurred_at,
            person=event.person,
            result_id=event.result_id,
            operation=event.operation,
            item=event.item,
            plan=event.plan,
            revision=event.revision,
            check=event.check,
            occurrence=event.occurrence,
            verdict=event.verdict,
            number=event.number,
            values=tuple(
                InspectedValue(
                    characteristic=one.characteristic, name=one.name, piece=one.piece, value=one.value, uom=one.uom,
                    lower=one.lower, upper=one.upper, passed=one.passed,
                )
                for one in event.values
            ),
            note=event.note,
            replaces=event.replaces,
        )  # fmt: skip
