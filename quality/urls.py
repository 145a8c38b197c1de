"""Where quality's pages and its part of the API are."""

from django.urls import path

import mes.core.routes  # noqa: F401  the form of ids in addresses
from quality import views
from quality.api import checks, nonconformances

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
    path("inspection-checks", checks.ChecksView.as_view(), name="api-inspection-checks"),
    path(
        "inspection-checks/<row:pk>/readings", checks.TakeReadingsView.as_view(), name="api-inspection-check-readings"
    ),
    path("inspection-checks/<row:pk>/release", checks.ReleaseView.as_view(), name="api-inspection-check-release"),
    path("inspection-plans", checks.PlansView.as_view(), name="api-inspection-plans"),
    path(
        "inspection-plans/<row:pk>/translations",
        checks.PlanTranslationsView.as_view(),
        name="api-inspection-plan-translations",
    ),
    path("readings", checks.ReadingsView.as_view(), name="api-readings"),
    path("inspection-results", checks.ResultsView.as_view(), name="api-inspection-results"),
    path("nonconformances", nonconformances.NonconformancesView.as_view(), name="api-nonconformances"),
    path("nonconformances/<row:pk>", nonconformances.NonconformanceView.as_view(), name="api-nonconformance"),
    path("nonconformances/<row:pk>/dispositions", nonconformances.DispositionsView.as_view(), name="api-dispositions"),
]
