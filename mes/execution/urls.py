"""Where the board and the orders' pages are."""

from django.urls import path

from mes.execution import views

app_name = "execution"
urlpatterns = [
    path("board/", views.board, name="board"),
    path("board/live", views.board_live, name="board-live"),
    path("orders/<path:number>/decide", views.decide, name="decide"),
    path("orders/<path:number>/", views.order, name="order"),
]
