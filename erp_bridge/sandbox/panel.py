"""The fault panel: a page on which people break this ERP by hand."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from erp_bridge.sandbox import planning
from erp_bridge.sandbox.faults import BOOKING_FAULTS, FAULTS, BadFault
from erp_bridge.sandbox.rules import ORDERS, Refusal

if TYPE_CHECKING:
    from erp_bridge.sandbox.server import Handler

_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 22%, transparent); }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem; max-width: 68rem; }
h1 { font-size: 1.4rem; margin: 0 0 .2rem; } h2 { font-size: 1.05rem; margin: 1.8rem 0 .5rem; }
p { margin: .2rem 0 .8rem; } .said { padding: .6rem .8rem; border-left: 4px solid #b45309; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: .4rem 1.5rem; }
label { display: flex; gap: .6rem; justify-content: space-between; align-items: center; padding: .15rem 0; }
label span { white-space: nowrap; } input, select, button { font: inherit; padding: .25rem .5rem; } input[type=number] { width: 6rem; }
button { cursor: pointer; } form.line { display: inline-flex; gap: .4rem; margin: 0 .8rem .4rem 0; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .25rem .6rem .25rem 0;
border-bottom: 1px solid var(--line); vertical-align: top; } .scroll { overflow-x: auto; } td.n { text-align: right; }
"""
_SAID = {
    "saved": "Saved.", "clear": "Everything works again.", "once": "The next booking meets it.",
    "offline": "The door is closed for the MES; this page stays open.", "online": "The door is open again.",
    "order": "A new order is made.", "change": "The order is changed.", "cancel": "The order is cancelled.",
}  # fmt: skip


def serve(handler: "Handler", name: str, query: dict[str, str], body: bytes) -> None:
    """Answer the page, its style, or a form that was sent from it."""
    if name == "":
        handler.answer(303, b"", "text/plain", headers={"Location": "/fault-panel"})
    elif name.endswith(".css"):
        handler.answer(200, _STYLE.encode(), "text/css; charset=utf-8")
    elif handler.command == "POST":
        origin = handler.headers.get("Origin")
        if origin and urlsplit(origin).netloc != handler.headers.get("Host"):
            raise Refusal(403, "FOREIGN_PAGE", "A page of another site may not break this ERP.")
        form = {field: values[-1] for field, values in parse_qs(body.decode("utf-8", "replace")).items()}
        handler.answer(303, b"", "text/plain", headers={"Location": f"/fault-panel?said={_do(handler, form)}"})
    else:
        page = _page(handler, _SAID.get(query.get("said", ""), query.get("said", "")))
        handler.answer(200, page.encode(), "text/html; charset=utf-8", headers={
            "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'", "Cache-Control": "no-store",
        })  # fmt: skip


def _do(handler: "Handler", form: dict[str, str]) -> str:
    erp = handler.erp
    what = form.pop("do", "")
    actions: dict[str, Callable[[], Any]] = {
        "saved": lambda: _save(handler, form),
        "clear": erp.faults.clear,
        "once": lambda: erp.faults.once(form.get("fault", "")),
        "offline": lambda: erp.go_offline(float(form.get("seconds", "30"))),
        "online": lambda: erp.go_offline(0),
        "order": erp.clerk.act,
        "change": lambda: planning.change_order(
            erp.store, form.get("order", ""), {"quantity": form.get("quantity", "")}
        ),
        "cancel": lambda: planning.cancel_order(erp.store, form.get("order", "")),
    }
    try:
        actions.get(what, lambda: None)()
    except (BadFault, Refusal, ValueError) as error:
        return "".join(c if c.isalnum() or c in " .,:-" else " " for c in str(error))[:200].replace(" ", "+")
    return what


def _save(handler: "Handler", form: dict[str, str]) -> None:
    rates = {fault: float(form.get(fault) or 0) / 100 for fault in FAULTS}
    handler.erp.faults.change({
        "rates": rates, "latency_ms": [form.get("low") or 0, form.get("high") or form.get("low") or 0],
        "skew_seconds": form.get("skew") or 0, "late_seconds": form.get("late") or 3,
    })  # fmt: skip
    handler.erp.clerk.pace(per_minute=float(form.get("per_minute") or 0))


def _page(handler: "Handler", said: str) -> str:
    erp = handler.erp
    settings, offline = erp.faults.settings, erp.offline_for()
    orders = erp.store.all(ORDERS)
    open_orders = [order for order in orders if order["state"] in ("RELEASED", "STARTED")]
    counts = erp.store.counts()
    rates = "".join(
        f'<label>{escape(meaning)}<span><input type="number" name="{fault}" min="0" max="100" step="0.1" '
        f'value="{settings.rates.get(fault, 0) * 100:g}"> %</span></label>'
        for fault, meaning in FAULTS.items()
    )
    low, high = settings.latency_ms
    extra = "".join(
        f'<label>{label}<span><input type="number" name="{name}" step="any" value="{value:g}"> {unit}</span></label>'
        for label, name, value, unit in (
            ("every call takes at least", "low", low, "ms"), ("and at most", "high", high, "ms"),
            ("its clock is off by", "skew", settings.skew_seconds, "s"),
            ("a late booking comes after", "late", settings.late_seconds, "s"),
            ("the clerk makes new orders", "per_minute", erp.clerk.per_minute, "a minute"),
        )
    )  # fmt: skip
    door = f"closed for {offline:g} s more" if offline else f"open at {escape(erp.url)}"
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Practice ERP</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/fault-panel.css">
</head><body><h1>Practice ERP: {escape(erp.options.company)}</h1>
<p>Door: {door}. Memory: {escape(erp.options.recall)}. {sum(counts["bookings"].values())} bookings,
{counts["refusals"]} refusals, {len(open_orders)} of {len(orders)} orders open.</p>
{f'<p class="said" role="status">{escape(said)}</p>' if said else ""}
<h2>Once, right now</h2>{_buttons()}
<h2>All the time</h2><form method="post"><div class="grid">{rates}{extra}</div>
<p><button name="do" value="saved">Save</button> <button name="do" value="clear">Let everything work</button></p></form>
<h2>What planners do</h2>{_planning(open_orders)}
<h2>The last bookings</h2><div class="scroll">{_last(handler)}</div></body></html>"""


def _buttons() -> str:
    choices = "".join(f'<option value="{name}">{escape(text)}</option>' for name, text in BOOKING_FAULTS.items())
    return f"""<form class="line" method="post"><label>The next booking: the ERP <select name="fault">{choices}</select></label>
<button name="do" value="once">Do it</button></form>
<form class="line" method="post"><label>Nobody answers for <input type="number" name="seconds" value="30" min="1"> s</label>
<button name="do" value="offline">Go offline</button> <button name="do" value="online">Come back</button></form>"""


def _planning(open_orders: list[dict[str, Any]]) -> str:
    choices = "".join(
        f'<option value="{escape(order["order_no"])}">{escape(order["order_no"])}: {escape(str(order["quantity"]))} '
        f"{escape(str(order['item']))}, {order['state'].lower()}</option>"
        for order in open_orders[-50:][::-1]
    )
    return f"""<form class="line" method="post"><button name="do" value="order">Make a new order</button></form>
<form class="line" method="post"><label>Order <select name="order">{choices}</select></label>
<label>new quantity <input type="number" name="quantity" min="1"></label>
<button name="do" value="change">Change</button> <button name="do" value="cancel">Cancel it</button></form>"""


def _last(handler: "Handler") -> str:
    store = handler.erp.store
    newest = sum(store.counts()["bookings"].values())
    rows, _ = store.bookings(after=max(0, newest - 25), limit=25)
    lines = "".join(
        f"<tr><td>{row['document']}</td><td>{row['booked_at'][11:19]}</td><td>{row['kind']}</td>"
        f"<td>{escape(row['order'])}</td><td>{escape(row['reference'])}</td><td>{escape(row['note'])}</td></tr>"
        for row in reversed(rows)
    )
    head = "".join(f"<th>{name}</th>" for name in ("Document", "Time (UTC)", "Kind", "Order", "Reference", "Note"))
    return f"<table><tr>{head}</tr>{lines}</table>" if rows else "<p>Nothing is booked yet.</p>"
