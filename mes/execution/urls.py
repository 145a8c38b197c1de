"""Where the board, the orders' pages and execution's part of the API are."""

from django.urls import path

import mes.core.routes  # noqa: F401  the form of ids in addresses
from mes.execution.api import counters, material, operations, orders, recall, reports
from mes.execution.views import board, late, paper, trace

app_name = "execution"
urlpatterns = [
    path("board/", board.board, name="board"),
    path("board/live", board.board_live, name="board-live"),
    path("trace/", trace.find, name="trace-find"),
    path("trace/<row:pk>/", trace.show, name="trace"),
    path("trace/<row:pk>/lots.csv", trace.download, name="trace-csv"),
    path("trace/<row:pk>/hold-all", trace.hold_all, name="trace-hold-all"),
    path("orders/<path:number>/traveler", paper.traveler, name="traveler"),
    path("orders/<path:number>/late", late.report_late, name="late"),
    path("orders/<path:number>/decide", board.decide, name="decide"),
    path("orders/<path:number>/", board.order, name="order"),
]

api_urlpatterns = [
    path("work-orders", orders.WorkOrdersView.as_view(), name="api-work-orders"),
    path("work-orders/<row:pk>", orders.WorkOrderView.as_view(), name="api-work-order"),
    path("work-orders/<row:pk>/release", orders.ReleaseView.as_view(), name="api-work-order-release"),
    path("work-orders/<row:pk>/hold", orders.HoldView.as_view(), name="api-work-order-hold"),
    path("work-orders/<row:pk>/free", orders.FreeView.as_view(), name="api-work-order-free"),
    path("work-orders/<row:pk>/cancel", orders.CancelView.as_view(), name="api-work-order-cancel"),
    path("work-orders/<row:pk>/complete", orders.CompleteView.as_view(), name="api-work-order-complete"),
    path("work-orders/<row:pk>/close", orders.CloseView.as_view(), name="api-work-order-close"),
    path("work-orders/<row:pk>/link", orders.LinkView.as_view(), name="api-work-order-link"),
    path("work-orders/<row:pk>/issues", material.IssuesView.as_view(), name="api-work-order-issues"),
    path("work-orders/<row:pk>/returns", material.ReturnsView.as_view(), name="api-work-order-returns"),
    path("work-orders/<row:pk>/byproducts", material.ByproductsView.as_view(), name="api-work-order-byproducts"),
    path(
        "work-orders/<row:pk>/byproducts/<uuid:movement>/reversal",
        material.ByproductReversalView.as_view(),
        name="api-work-order-byproduct-reversal",
    ),
    path("lots/<row:pk>/hold-all", recall.HoldAllView.as_view(), name="api-lot-hold-all"),
    path("proposals", orders.ProposalsView.as_view(), name="api-proposals"),
    path("proposals/<row:pk>/accept", orders.AcceptView.as_view(), name="api-proposal-accept"),
    path("proposals/<row:pk>/reject", orders.RejectView.as_view(), name="api-proposal-reject"),
    path("operations", operations.OperationsView.as_view(), name="api-operations"),
    path("operations/<row:pk>", operations.OperationView.as_view(), name="api-operation"),
    path("operations/<row:pk>/start", operations.StartView.as_view(), name="api-operation-start"),
    path("operations/<row:pk>/pause", operations.PauseView.as_view(), name="api-operation-pause"),
    path("operations/<row:pk>/complete", operations.CompleteOperationView.as_view(), name="api-operation-complete"),
    path("reports", reports.ReportsView.as_view(), name="api-reports"),
    path("reports/<uuid:pk>", reports.ReportView.as_view(), name="api-report"),
    path("reports/<uuid:pk>/reversal", reports.ReversalView.as_view(), name="api-report-reversal"),
    path("counter-readings", counters.CounterReadingsView.as_view(), name="api-counter-readings"),
    path("counter-readings/<uuid:pk>", counters.CounterReadingView.as_view(), name="api-counter-reading"),
]
