"""Labor's part of the API."""

from django.urls import path

from labor import api

urlpatterns = [
    path("labor/segments", api.SegmentsView.as_view(), name="api-labor-segments"),
    path("labor/clock-on", api.ClockOnView.as_view(), name="api-labor-clock-on"),
    path("labor/clock-off", api.ClockOffView.as_view(), name="api-labor-clock-off"),
    path("labor/clock-in", api.ClockInView.as_view(), name="api-labor-clock-in"),
    path("labor/clock-out", api.ClockOutView.as_view(), name="api-labor-clock-out"),
    path("labor/break", api.BreakView.as_view(), name="api-labor-break"),
]
