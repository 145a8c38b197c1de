"""Where the bridge's pages are, and where ERPs hand in by themselves."""

from django.urls import path

from erp_bridge import api, views

app_name = "bridge"
urlpatterns = [
    path("bridge/", views.overview, name="overview"),
    path("bridge/live", views.overview_live, name="live"),
    path("bridge/connections/<slug:name>/act", views.act_on_connection, name="connection-act"),
    path("bridge/messages/", views.message_list, name="messages"),
    path("bridge/messages/act", views.act_on_messages, name="messages-act"),
    path("bridge/messages/<int:pk>/", views.message_page, name="message"),
    path("bridge/messages/<int:pk>/act", views.act_on_message, name="message-act"),
    path("bridge/rows/", views.row_list, name="rows"),
    path("bridge/rows/<int:pk>/act", views.act_on_row, name="row-act"),
]

api_urlpatterns = [
    path("<slug:connection>/items", api.PushItemsView.as_view(), name="api-erp-items"),
    path("<slug:connection>/work-orders", api.PushWorkOrdersView.as_view(), name="api-erp-work-orders"),
]
