"""Where the figures are."""

from django.urls import path

import mes.core.routes  # noqa: F401  the form of ids in addresses
from mes.performance import api
from mes.performance.views import pages

app_name = "performance"
urlpatterns = [
    path("oee/", pages.overview, name="overview"),
    path("oee/live", pages.overview_live, name="overview-live"),
    path("oee/pareto/", pages.stops_by_reason, name="pareto"),
    path("oee/<str:site>/<str:code>/", pages.unit, name="unit"),
]

api_urlpatterns = [path("oee", api.OeeView.as_view(), name="api-oee")]
