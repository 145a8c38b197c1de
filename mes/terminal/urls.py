"""Where the home page and the terminals are."""

from django.urls import path

from mes.terminal import views

app_name = "terminal"
urlpatterns = [
    path("", views.home, name="home"),
]
