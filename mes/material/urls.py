"""Material's part of the API."""

from django.urls import path

from mes.material import api

urlpatterns = [
    path("lots", api.LotsView.as_view(), name="api-lots"),
    path("movements", api.MovementsView.as_view(), name="api-movements"),
]
