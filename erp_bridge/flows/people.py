"""People come down from the ERP, by personnel number."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.flow import Pull
from mes.masterdata import services
from mes.masterdata.records import PersonRecord


class PersonFlow(Pull):
    """Who works at the site."""

    key = "people"
    label = "People"
    record = PersonRecord
    cadence = every(minutes=10)
    apply = staticmethod(services.apply_people)
    vanish = staticmethod(services.vanish_people)
