"""How lots are numbered, and what stands on their labels: plain functions of plain values."""

from mes.material.rules.labels import HEIGHT_MM, WIDTH_MM, Label, lot_in, zpl
from mes.material.rules.numbering import (
    NumbersUsedUp,
    Pattern,
    PatternWrong,
    check_character,
    check_pattern,
    facts_of,
    read_pattern,
)

__all__ = [
    "HEIGHT_MM",
    "WIDTH_MM",
    "Label",
    "NumbersUsedUp",
    "Pattern",
    "PatternWrong",
    "check_character",
    "check_pattern",
    "facts_of",
    "lot_in",
    "read_pattern",
    "zpl",
]
