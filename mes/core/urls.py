"""What every installation answers: whether it lives, what its API offers, and how that is described."""

from django.urls import path

from mes.core.api.health import healthz, readyz
from mes.core.api.index import DocsView, IndexView, ProblemsView, SchemaView

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("api/v1/", IndexView.as_view(), name="api-index"),
    path("api/v1/problems", ProblemsView.as_view(), name="api-problems"),
    path("api/v1/schema/", SchemaView.as_view(), name="api-schema"),
    path("api/docs/", DocsView.as_view(url_name="api-schema"), name="api-docs"),
]
