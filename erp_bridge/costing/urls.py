"""Where the cost of an order is shown."""

from django.urls import path

from erp_bridge.costing import views

app_name = "costing"
urlpatterns = [path("cost/<path:number>/", views.order_cost, name="order-cost")]
