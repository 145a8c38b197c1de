"""What every HTTP doorway shares: strict input, one form of error, one form of list, and who may do what."""

from mes.core.api.fields import (
    BooleanField,
    CodeField,
    DecimalField,
    InstantField,
    IntegerField,
    OutputDecimalField,
    TextField,
    UUIDField,
)
from mes.core.api.input import Filters, Input
from mes.core.api.pages import CursorPagination
from mes.core.api.parsing import StrictJSONParser
from mes.core.api.problems import problem_handler, problem_response
from mes.core.api.views import ApiView, Grant

__all__ = [
    "ApiView",
    "BooleanField",
    "CodeField",
    "CursorPagination",
    "DecimalField",
    "Filters",
    "Grant",
    "Input",
    "InstantField",
    "IntegerField",
    "OutputDecimalField",
    "StrictJSONParser",
    "TextField",
    "UUIDField",
    "problem_handler",
    "problem_response",
]
