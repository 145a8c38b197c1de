"""Where ERPs hand in by themselves."""

from django.urls import path

from erp_bridge import api

api_urlpatterns = [
    path("<slug:connection>/items", api.PushItemsView.as_view(), name="api-erp-items"),
    path("<slug:connection>/work-orders", api.PushWorkOrdersView.as_view(), name="api-erp-work-orders"),
]
