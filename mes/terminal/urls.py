"""Where the home page, the terminals, their entries and their devices are."""

from django.urls import path

from mes.terminal import views

app_name = "terminal"
urlpatterns = [
    path("", views.home, name="home"),
    path("t/", views.terminals, name="terminals"),
    path("t/worker.js", views.worker, name="worker"),
    path("t/scan-test/", views.scan_test, name="scan-test"),
    path("t/<str:code>/", views.terminal, name="terminal"),
    path("t/<str:code>/state", views.state, name="state"),
    path("t/<str:code>/entries", views.entries, name="entries"),
    path("t/<str:code>/sign-on", views.sign_on, name="sign-on"),
    path("t/<str:code>/scan", views.scan, name="scan"),
    path("t/<str:code>/step-up", views.step_up, name="step-up"),
    path("t/<str:code>/unlock", views.unlock, name="unlock"),
    path("t/<str:code>/fates", views.fates, name="fates"),
    path("enroll/", views.enroll, name="enroll"),
    path("devices/", views.devices, name="devices"),
    path("sheets/badges", views.badges, name="badges"),
    path("sheets/commands", views.command_sheet, name="commands"),
    path("sheets/reasons", views.reason_sheet, name="reasons"),
    path("devices/code", views.new_code, name="new-code"),
    path("devices/<int:pk>/revoke", views.revoke, name="revoke"),
    path("entries/", views.waiting, name="waiting"),
    path("entries/<uuid:entry_id>/", views.entry, name="entry"),
]
