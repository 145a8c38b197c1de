"""Mounts every app's pages and its part of the API."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from erp_bridge.urls import api_urlpatterns as bridge_api
from labor.urls import api_urlpatterns as labor_api
from mes.andon.urls import api_urlpatterns as andon_api
from mes.documents.urls import api_urlpatterns as documents_api
from mes.equipment.urls import api_urlpatterns as equipment_api
from mes.execution.urls import api_urlpatterns as execution_api
from mes.material.urls import pages as material_pages
from mes.performance.urls import api_urlpatterns as performance_api
from quality.urls import api_urlpatterns as quality_api

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", include("mes.core.urls")),
    path("api/v1/", include("mes.journal.urls")),
    path("api/v1/", include("mes.masterdata.urls")),
    path("api/v1/", include("mes.material.urls")),
    path("", include(material_pages)),
    path("api/v1/", include(execution_api)),
    path("api/v1/", include(quality_api)),
    path("api/v1/", include(equipment_api)),
    path("api/v1/", include(performance_api)),
    path("api/v1/erp/", include(bridge_api)),
    path("api/v1/", include(andon_api)),
    path("api/v1/", include(documents_api)),
    path("api/v1/", include(labor_api)),
    path("", include("mes.terminal.urls")),
    path("", include("mes.execution.urls")),
    path("", include("mes.andon.urls")),
    path("", include("mes.documents.urls")),
    path("", include("quality.urls")),
    path("", include("mes.equipment.urls")),
    path("", include("mes.performance.urls")),
    path("", include("labor.urls")),
    path("", include("erp_bridge.costing.urls")),
    path("", include("erp_bridge.urls")),
]
