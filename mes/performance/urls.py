"""Where the figures are."""

from django.urls import path

import mes.core.routes  # noqa: F401  the form of ids in addresses
from mes.performance import api
from mes.performance.views import actions, by_reason, pages, wall

app_name = "performance"
urlpatterns = [
    path("oee/", pages.overview, name="overview"),
    path("oee/live", pages.overview_live, name="overview-live"),
    path("oee/pareto/", by_reason.stops_by_reason, name="pareto"),
    path("oee/actions/plan", actions.plan, name="plan-action"),
    path("oee/actions/<uuid:pk>/done", actions.finish, name="finish-action"),
    path("oee/<str:site>/<str:code>/", pages.unit, name="unit"),
    path("wall/live", wall.wall_live, name="wall-live"),
    path("wall/<str:site>/", wall.wall, name="wall"),
    path("wall/<str:site>/<str:area>/", wall.wall, name="wall-area"),
]

api_urlpatterns = [path("oee", api.OeeView.as_view(), name="api-oee")]
