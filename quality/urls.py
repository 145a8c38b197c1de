"""Where quality's pages and its part of the API are."""

from django.urls import path

import mes.core.routes  # noqa: F401  the form of ids in addresses
from quality import api, views

app_name = "quality"
urlpatterns = [
    path("quality/", views.overview, name="overview"),
    path("quality/live", views.overview_live, name="overview-live"),
    path("quality/checks/<row:check_id>/<slug:occurrence>/", views.sample, name="sample"),
    path("quality/nonconformances/<row:pk>/", views.nonconformance, name="nonconformance"),
    path("quality/nonconformances/<row:pk>/decide", views.decide, name="decide"),
    path("quality/lot-holds/<row:pk>/", views.lot_hold, name="lot-hold"),
    path("quality/lot-holds/<row:pk>/lift", views.lift_lot_hold, name="lift-lot-hold"),
]

api_urlpatterns = [
    path("inspection-checks", api.ChecksView.as_view(), name="api-inspection-checks"),
    path("inspection-checks/<row:pk>/readings", api.TakeReadingsView.as_view(), name="api-inspection-check-readings"),
    path("inspection-checks/<row:pk>/release", api.ReleaseView.as_view(), name="api-inspection-check-release"),
    path("inspection-plans", api.PlansView.as_view(), name="api-inspection-plans"),
    path("readings", api.ReadingsView.as_view(), name="api-readings"),
    path("inspection-results", api.ResultsView.as_view(), name="api-inspection-results"),
    path("nonconformances", api.NonconformancesView.as_view(), name="api-nonconformances"),
    path("nonconformances/<row:pk>", api.NonconformanceView.as_view(), name="api-nonconformance"),
    path("nonconformances/<row:pk>/dispositions", api.DispositionsView.as_view(), name="api-dispositions"),
]
