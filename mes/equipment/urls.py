"""Where stops and calls for maintenance are, and equipment's part of the API."""

from django.urls import path

import mes.core.routes  # noqa: F401  the form of ids in addresses
from mes.equipment import api, views

app_name = "equipment"
urlpatterns = [
    path("stops/", views.stops, name="stops"),
    path("stops/record", views.record, name="record"),
    path("stops/explain", views.explain, name="explain"),
    path("stops/<row:pk>/split", views.split, name="split"),
    path("stops/<row:pk>/join", views.join, name="join"),
    path("maintenance/", views.maintenance, name="maintenance"),
    path("maintenance/<uuid:pk>", views.answer_maintenance, name="answer-maintenance"),
]

api_urlpatterns = [
    path("work-unit-states", api.StatesView.as_view(), name="api-work-unit-states"),
    path("stops", api.StopsView.as_view(), name="api-stops"),
    path("stops/explain", api.ExplainView.as_view(), name="api-stops-explain"),
    path("stops/end", api.EndView.as_view(), name="api-stops-end"),
    path("stops/record", api.RecordView.as_view(), name="api-stops-record"),
    path("stops/split", api.SplitView.as_view(), name="api-stops-split"),
    path("stops/join", api.JoinView.as_view(), name="api-stops-join"),
    path("stop-entries", api.EntriesView.as_view(), name="api-stop-entries"),
    path("stop-entries/<uuid:pk>/reversal", api.EntryReversalView.as_view(), name="api-stop-entry-reversal"),
    path("downtime", api.DowntimeView.as_view(), name="api-downtime"),
    path("maintenance-requests", api.RequestsView.as_view(), name="api-maintenance-requests"),
    path(
        "maintenance-requests/<uuid:pk>/acknowledge", api.AcknowledgeView.as_view(), name="api-maintenance-acknowledge"
    ),
    path("maintenance-requests/<uuid:pk>/done", api.DoneView.as_view(), name="api-maintenance-done"),
]
