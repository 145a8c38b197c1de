"""Where the supervisor's day and labor's part of the API are."""

from datetime import date

from django.urls import path, register_converter

from labor import api, views


class DayConverter:
    """A day in an address, as 2026-11-21."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, text: str) -> date:
        return date.fromisoformat(text)

    def to_url(self, day: date) -> str:
        return day.isoformat()


register_converter(DayConverter, "day")

app_name = "labor"
urlpatterns = [
    path("labor/", views.today, name="today"),
    path("labor/<str:site>/<day:day>/", views.day, name="day"),
    path("labor/<str:site>/<day:day>/<uuid:pk>/", views.shares, name="shares"),
    path("labor/<str:site>/<day:day>/person", views.person_day, name="person-day"),
    path("labor/<str:site>/<day:day>/decide", views.decide, name="decide"),
]

api_urlpatterns = [
    path("labor/attendance", api.AttendanceView.as_view(), name="api-labor-attendance"),
    path("labor/segments", api.SegmentsView.as_view(), name="api-labor-segments"),
    path("labor/segments/<uuid:pk>/shares", api.SegmentSharesView.as_view(), name="api-labor-segment-shares"),
    path("labor/sums", api.SumsView.as_view(), name="api-labor-sums"),
    path("labor/crew", api.CrewView.as_view(), name="api-labor-crew"),
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
