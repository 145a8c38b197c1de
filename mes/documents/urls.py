"""Where photos are handed in and shown."""

from django.urls import path

from mes.documents import views

app_name = "documents"
urlpatterns = [
    path("t/<str:code>/photos", views.hand_in_photo, name="hand-in-photo"),
    path("photos/<uuid:pk>", views.photo, name="photo"),
]
