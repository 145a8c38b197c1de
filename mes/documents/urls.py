"""Where photos are handed in, files are shown, and documents are read over the API."""

from django.urls import path

import mes.core.routes  # noqa: F401  the form of ids in addresses
from mes.documents import api, views

app_name = "documents"
urlpatterns = [
    path("t/<str:code>/photos", views.hand_in_photo, name="hand-in-photo"),
    path("photos/<uuid:pk>", views.photo, name="photo"),
    path("documents/revisions/<row:pk>/file", views.revision_file, name="revision-file"),
]

api_urlpatterns = [
    path("documents", api.DocumentsView.as_view(), name="api-documents"),
    path("document-readings", api.ReadConfirmationsView.as_view(), name="api-document-readings"),
]
