"""The things a document names, found in Tryton: products, units, lots, employees; and the words for what is missing."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from erp_bridge.connectors.tryton.client import Client
from erp_bridge.sdk.errors import Busy, Rejected


@dataclass(frozen=True)
class Unit:
    """A unit of measure; Tryton keeps no more than ``digits`` places of it."""

    id: int
    symbol: str
    digits: int

    def rounded(self, quantity: Decimal) -> Decimal:
        return quantity.quantize(Decimal(1).scaleb(-self.digits), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Product:
    """A product and what one of its default unit costs now."""

    id: int
    code: str
    cost: Decimal


def unit(client: Client, symbol: str) -> Unit:
    """Return the unit with this symbol.

    :raises erp_bridge.sdk.errors.Rejected: Tryton has none.
    """
    known = client.remembered.get(("unit", symbol))
    if known is None:
        rows = client.read("product.uom", [["symbol", "=", symbol]], ["symbol", "digits"])
        if not rows:
            raise Rejected(f"Tryton has no unit with the symbol {symbol!r}.", code="UNKNOWN_UNIT")
        known = client.remembered["unit", symbol] = Unit(rows[0]["id"], symbol, rows[0]["digits"])
    return known


def product(client: Client, code: str) -> Product:
    """Return the product with this code.

    :raises erp_bridge.sdk.errors.Rejected: Tryton has no active one.
    """
    known = client.remembered.get(("product", code))
    if known is None:
        rows = client.read("product.product", [["code", "=", code]], ["code", "cost_price"])
        if not rows:
            raise Rejected(f"Tryton has no active product {code}.", code="UNKNOWN_ITEM")
        cost = Decimal(str(rows[0].get("cost_price") or 0))
        known = client.remembered["product", code] = Product(rows[0]["id"], code, cost)
    return known


def lot(client: Client, product_: Product, number: str) -> int | None:
    """Return the id of a lot of this product, or None when Tryton has none of this number; the oldest if it has several."""
    known: int | None = client.remembered.get(("lot", f"{product_.id} {number}"))
    if known is None:
        rows = client.read("stock.lot", [["number", "=", number], ["product", "=", product_.id]], ["number"])
        known = min((row["id"] for row in rows), default=None)
        if known is not None:
            client.remembered["lot", f"{product_.id} {number}"] = known
    return known


def known_lot(client: Client, product_: Product, number: str) -> int:
    """Return the id of a lot that must exist.

    :raises erp_bridge.sdk.errors.Rejected: Tryton has no such lot.
    """
    found = lot(client, product_, number)
    if found is None:
        raise Rejected(
            f"Tryton has no lot {number} of {product_.code}: enter it there, or correct the lot here.",
            code="UNKNOWN_LOT",
        )
    return found


def made_lot(client: Client, product_: Product, number: str) -> int:
    """Return the id of the lot that was produced, entering it in Tryton when it is new."""
    found = lot(client, product_, number)
    return found if found is not None else client.create("stock.lot", {"number": number, "product": product_.id})


def employee(client: Client, number: str) -> tuple[int, str]:
    """Return the id and name of the employee whose party has this code.

    :raises erp_bridge.sdk.errors.Rejected: Tryton has none.
    """
    known = client.remembered.get(("employee", number))
    if known is not None:
        return known
    rows = client.read("company.employee", [["party.code", "=", number]], ["party.name"]) if number else []
    if not rows:
        raise Rejected(f"Tryton has no employee whose party has the code {number!r}.", code="UNKNOWN_PERSON")
    found = client.remembered["employee", number] = (rows[0]["id"], rows[0]["party."]["name"])
    return found


def require_stock(client: Client, place: int, product_: Product, lot_id: int | None, quantity: Decimal) -> None:
    """Return when so much (in the product's default unit) is in store.

    :raises erp_bridge.sdk.errors.Busy: there is less; the ERP's stock has to be put right first.
    """
    model, record = ("stock.lot", lot_id) if lot_id else ("product.product", product_.id)
    rows = client.read(model, [["id", "=", record]], ["quantity"], context={"locations": [place], "with_childs": True})
    there = Decimal(str(rows[0]["quantity"] if rows else 0))
    if there < quantity:
        raise Busy(f"Tryton has only {there} of {product_.code} in store, {quantity} was used.", code="SHORTAGE")
