"""Where labels are printed, and material's part of the API."""

from django.urls import path

import mes.core.routes  # noqa: F401  the form of ids in addresses
from mes.material import api, views

pages = (
    [
        path("line-stock/", views.line_stock, name="line-stock"),
        path("labels/", views.labels, name="labels"),
        path("labels/<uuid:pk>/", views.sheet, name="label-sheet"),
        path("labels/<uuid:pk>.zpl", views.zpl, name="label-zpl"),
        path("labels/<uuid:pk>.pdf", views.pdf, name="label-pdf"),
    ],
    "material",
)

urlpatterns = [
    path("lots", api.LotsView.as_view(), name="api-lots"),
    path("lots/<row:pk>/hold", api.HoldLotView.as_view(), name="api-lot-hold"),
    path("lots/<row:pk>/free", api.FreeLotView.as_view(), name="api-lot-free"),
    path("lots/<row:pk>/genealogy", api.GenealogyView.as_view(), name="api-lot-genealogy"),
    path("lots/<row:pk>/transfer", api.TransferLotView.as_view(), name="api-lot-transfer"),
    path("lots/<row:pk>/ship", api.ShipLotView.as_view(), name="api-lot-ship"),
    path("lots/<row:pk>/scrap", api.ScrapLotView.as_view(), name="api-lot-scrap"),
    path("lots/<row:pk>/labels", api.LabelsView.as_view(), name="api-lot-labels"),
    path("serials/hold", api.HoldSerialView.as_view(), name="api-serial-hold"),
    path("lot-holds", api.LotHoldsView.as_view(), name="api-lot-holds"),
    path("stock-places", api.StockPlacesView.as_view(), name="api-stock-places"),
    path("stock-places/<row:pk>/replenish", api.ReplenishView.as_view(), name="api-stock-place-replenish"),
    path("stock-places/<row:pk>/return", api.ToStoreView.as_view(), name="api-stock-place-return"),
    path("place-stock", api.PlaceStockView.as_view(), name="api-place-stock"),
    path("place-movements", api.PlaceMovementsView.as_view(), name="api-place-movements"),
    path("place-movements/<uuid:pk>/reversal", api.PlaceReversalView.as_view(), name="api-place-movement-reversal"),
    path("movements", api.MovementsView.as_view(), name="api-movements"),
]
