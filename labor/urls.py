"""Labor's part of the API."""

from django.urls import path

from labor import api

urlpatterns = [
    path("labor/attendance", api.AttendanceView.as_view(), name="api-labor-attendance"),
    path("labor/segments", api.SegmentsView.as_view(), name="api-labor-segments"),
    path("labor/segments/<uuid:pk>/reversal", api.SegmentReversalView.as_view(), name="api-labor-segment-reversal"),
    path("labor/segments/<uuid:pk>/end", api.SegmentEndView.as_view(), name="api-labor-segment-end"),
    path("labor/clock-in", api.ClockInView.as_view(), name="api-labor-clock-in"),
    path("labor/clock-out", api.ClockOutView.as_view(), name="api-labor-clock-out"),
    path("labor/break", api.BreakStartView.as_view(), name="api-labor-break-start"),
    path("labor/break-end", api.BreakEndView.as_view(), name="api-labor-break-end"),
    path("labor/clock-on", api.ClockOnView.as_view(), name="api-labor-clock-on"),
    path("labor/clock-off", api.ClockOffView.as_view(), name="api-labor-clock-off"),
    path("labor/indirect-start", api.IndirectStartView.as_view(), name="api-labor-indirect-start"),
    path("labor/indirect-stop", api.IndirectStopView.as_view(), name="api-labor-indirect-stop"),
]
