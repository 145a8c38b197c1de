"""The journal's part of the API."""

from django.urls import path

from mes.journal.api import ChangesView

urlpatterns = [path("changes", ChangesView.as_view(), name="api-changes")]
