"""Where the andon board and its part of the API are."""

from django.urls import path

from mes.andon import api, views

app_name = "andon"
urlpatterns = [
    path("andon/", views.board, name="board"),
    path("andon/live", views.board_live, name="board-live"),
    path("andon/calls/<uuid:pk>/", views.call, name="call"),
    path("andon/calls/<uuid:pk>/answer", views.answer, name="answer"),
]

api_urlpatterns = [
    path("calls", api.CallsView.as_view(), name="api-calls"),
    path("calls/<uuid:pk>", api.CallView.as_view(), name="api-call"),
    path("calls/<uuid:pk>/acknowledge", api.AcknowledgeView.as_view(), name="api-call-acknowledge"),
    path("calls/<uuid:pk>/arrive", api.ArriveView.as_view(), name="api-call-arrive"),
    path("calls/<uuid:pk>/resolve", api.ResolveView.as_view(), name="api-call-resolve"),
    path("handovers", api.HandoversView.as_view(), name="api-handovers"),
]
