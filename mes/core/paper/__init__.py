"""Paper as PDF: labels and sheets with text in many scripts, QR codes and Code 128, drawn from the top left in millimeters."""

from mes.core.paper.barcodes import code128_bars, qr_rows
from mes.core.paper.drawing import Paper
from mes.core.paper.fonts import undrawable
from mes.core.paper.script import is_right_to_left, visual
from mes.core.paper.sheets import Card, code_cards

__all__ = ["Card", "Paper", "code128_bars", "code_cards", "is_right_to_left", "qr_rows", "undrawable", "visual"]
