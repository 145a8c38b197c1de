"""Which job a tap is about."""

from django.utils.translation import gettext as _

from mes.core.errors import NotFound
from mes.execution.models import Operation
from mes.terminal.panels import Tap


class JobElsewhere(NotFound):
    """The job is not, or no longer, one of this work center."""

    code = "wo_unknown"


def operation_of(tap: Tap) -> Operation:
    """Return the operation that a tap names, with its order: a terminal books for its own work center only.

    :raises JobElsewhere: it is none of this work center.
    """
    here = Operation.objects.select_related("work_order").filter(work_center=tap.work_center)
    operation = here.filter(pk=tap.number("operation")).first()
    if operation is None:
        raise JobElsewhere(
            _("This job is not at %(center)s any more. Choose another one.") % {"center": tap.work_center.code},
            field="operation",
        )
    return operation
