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
    path("documents/files", api.DocumentFilesView.as_view(), name="api-document-files"),
    path("documents/<row:pk>/translations", api.DocumentTranslationsView.as_view(), name="api-document-translations"),
    path("documents/<row:pk>/revisions", api.RevisionsView.as_view(), name="api-document-revisions"),
    path("document-revisions/<row:pk>/release", api.ReleaseView.as_view(), name="api-revision-release"),
    path("document-revisions/<row:pk>/withdraw", api.WithdrawView.as_view(), name="api-revision-withdraw"),
    path("document-revisions/<row:pk>/file", api.RevisionFileView.as_view(), name="api-revision-file"),
    path("photos", api.PhotosView.as_view(), name="api-photos"),
    path("photos/files", api.PhotoFilesView.as_view(), name="api-photo-files"),
    path("photos/<uuid:pk>", api.PhotoView.as_view(), name="api-photo"),
    path("photos/<uuid:pk>/file", api.PhotoFileView.as_view(), name="api-photo-file"),
    path("document-readings", api.ReadConfirmationsView.as_view(), name="api-document-readings"),
]
