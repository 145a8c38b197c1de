"""Plugs this app in."""

from django.apps import AppConfig


class MasterdataConfig(AppConfig):
    name = "mes.masterdata"
    label = "masterdata"
    verbose_name = "Master data"
    admin_rights = {
        "view": "masterdata:read",
        "view_person": "people:read",
        "add": "masterdata:write",
        "change": "masterdata:write",
        "add_site": "",
        "change_site": "",
    }
