"""Master data's part of the API."""

from django.urls import path

import mes.core.routes  # noqa: F401  the form of ids in addresses
from mes.masterdata import api

urlpatterns = [
    path("sites", api.SitesView.as_view(), name="api-sites"),
    path("uoms", api.UomsView.as_view(), name="api-uoms"),
    path("items", api.ItemsView.as_view(), name="api-items"),
    path("items/<row:pk>", api.ItemView.as_view(), name="api-item"),
    path("boms", api.BomsView.as_view(), name="api-boms"),
    path("boms/<row:pk>", api.BomView.as_view(), name="api-bom"),
    path("routings", api.RoutingsView.as_view(), name="api-routings"),
    path("routings/<row:pk>", api.RoutingView.as_view(), name="api-routing"),
    path("work-centers", api.WorkCentersView.as_view(), name="api-work-centers"),
    path("split-policies", api.SplitPoliciesView.as_view(), name="api-split-policies"),
    path("people", api.PeopleView.as_view(), name="api-people"),
    path("reasons", api.ReasonsView.as_view(), name="api-reasons"),
    path("reasons/<row:pk>/translations", api.ReasonTranslationsView.as_view(), name="api-reason-translations"),
]
