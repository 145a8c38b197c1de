"""Material's part of the API: lots and what happens to them, holds, movements, genealogy."""

from mes.material.api.genealogy import GenealogyOutput, GenealogyView
from mes.material.api.labels import LabelsView
from mes.material.api.lots import (
    FreeLotView,
    HoldLotView,
    HoldSerialView,
    LotHoldsView,
    LotOutput,
    LotsView,
    MovementOutput,
    MovementsView,
    movements,
)
from mes.material.api.places import (
    PlaceMovementsView,
    PlaceReversalView,
    PlaceStockView,
    ReplenishView,
    StockPlacesView,
    ToStoreView,
)
from mes.material.api.stock import ScrapLotView, ShipLotView, TransferLotView

__all__ = [
    "FreeLotView",
    "GenealogyOutput",
    "GenealogyView",
    "HoldLotView",
    "HoldSerialView",
    "LabelsView",
    "LotHoldsView",
    "LotOutput",
    "LotsView",
    "MovementOutput",
    "MovementsView",
    "PlaceMovementsView",
    "PlaceReversalView",
    "PlaceStockView",
    "ReplenishView",
    "ScrapLotView",
    "ShipLotView",
    "StockPlacesView",
    "ToStoreView",
    "TransferLotView",
    "movements",
]
