"""Finds the refusals that a terminal can show: follows the code from its doors and looks at what is raised on the way."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from django.db.models import Model

from deploy import translations
from mes.core import bus, errors
from mes.execution import gates
from mes.terminal import urls
from mes.terminal.panels import actions, commands, panels

OURS = ("mes.", "labor.", "quality.", "erp_bridge.")
OFFICE = {"devices", "new-code", "revoke", "waiting", "entry", "badges", "commands", "reasons"}
"""Addresses in the terminal's app that are pages of the office."""


@dataclass(frozen=True)
class Refusal:
    """Where a refusal is made, and its detail as it is written there."""

    place: str
    line: int
    detail: str
    translated: bool


def doors() -> list[Any]:
    """Return what a terminal calls: its views, panels and actions, and what apps above have a say in."""
    views = [pattern.callback for pattern in urls.urlpatterns if pattern.name not in OFFICE]
    plugged = [type(entry) for registry in (panels, actions, commands) for entry in registry]
    vetoes = [*gates._start_gates, *gates._report_gates, *gates._complete_gates]
    return [*views, *plugged, *vetoes, *(call for calls in bus._subscribers.values() for call in calls)]


def reached(roots: list[Any]) -> set[FunctionType]:
    """Return the functions that can be called from there, as far as names tell: rather some too many."""
    waiting, seen = list(roots), set()
    while waiting:
        thing = waiting.pop()
        if thing in seen:
            continue
        seen.add(thing)
        waiting += _named_in(thing) if isinstance(thing, FunctionType) else _held_by(thing)
    return {thing for thing in seen if isinstance(thing, FunctionType)}


def refusals(functions: set[FunctionType]) -> list[Refusal]:
    """Return every refusal that one of the functions makes, by place."""
    written = {function for function in functions if _written_here(function)}
    found = {refusal for function in written for refusal in _made_in(function)}
    return sorted(found, key=lambda refusal: (refusal.place, refusal.line))


def texts(functions: set[FunctionType]) -> dict[str, str]:
    """Return every text that one of the functions has translated, with a place where it stands."""
    return {
        node.args[0].value: f"{function.__globals__['__name__']}:{function.__qualname__}"
        for function in functions
        if _written_here(function)
        for node in ast.walk(_tree(function))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in translations.FUNCTIONS
        if isinstance(node.args[0], ast.Constant)
    }


def _ours(thing: Any) -> bool:
    if not isinstance(thing, FunctionType | type):
        return False
    return thing.__module__.startswith(OURS) and not (isinstance(thing, type) and issubclass(thing, Model | Exception))


def _written_here(function: FunctionType) -> bool:
    """Tell whether it stands in our sources: neither a decorator's wrapping nor made by a dataclass."""
    ours = str(function.__globals__.get("__name__", "")).startswith(OURS)
    return ours and function.__name__ != "<lambda>" and Path(function.__code__.co_filename).is_file()


def _tree(function: FunctionType) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function.__code__)))


def _held_by(thing: Any) -> list[Any]:
    if not isinstance(thing, type):
        return [thing.__wrapped__] if hasattr(thing, "__wrapped__") else []
    members = [
        inspect.unwrap(getattr(part, "fget", None) or getattr(part, "__func__", part)) for part in vars(thing).values()
    ]
    return [*(part for part in members if _ours(part)), *(base for base in thing.__bases__ if _ours(base))]


def _named_in(function: FunctionType) -> Iterator[Any]:
    names = set(_names(function.__code__))
    values = [function.__globals__.get(name) for name in names]
    values += [cell.cell_contents for cell in function.__closure__ or () if _full(cell)]
    if hasattr(function, "__wrapped__"):
        values.append(function.__wrapped__)
    for value in list(values):
        if isinstance(value, ModuleType):
            values += [getattr(value, name, None) for name in names]
    return (value for value in values if _ours(value))


def _full(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _made_in(function: FunctionType) -> Iterator[Refusal]:
    tree = _tree(function)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_refusal(function, node.func) and node.args:
            line = function.__code__.co_firstlineno + node.lineno - 1
            yield Refusal(
                f"{function.__globals__['__name__']}:{function.__qualname__}",
                line,
                ast.unparse(node.args[0]),
                _translated(node.args[0], tree, function),
            )


def _is_refusal(function: FunctionType, called: ast.expr) -> bool:
    named = _called(called, function)
    return isinstance(named, type) and issubclass(named, errors.DomainError)


def _translated(text: ast.expr, tree: ast.AST, function: FunctionType) -> bool:
    """Tell whether a text goes through gettext: where it stands, where it was assigned, or in the function that makes it."""
    if isinstance(text, ast.BinOp):
        return _translated(text.left, tree, function)
    if isinstance(text, ast.IfExp):
        return _translated(text.body, tree, function) and _translated(text.orelse, tree, function)
    if isinstance(text, ast.Name):
        given = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and any(text.id in _targets(target) for target in node.targets)
        ]
        return bool(given) and all(_translated(value, tree, function) for value in given)
    if not isinstance(text, ast.Call):
        return False
    if getattr(text.func, "id", "") in translations.FUNCTIONS:
        return True
    maker = _called(text.func, function)
    if not isinstance(maker, FunctionType):
        return False
    made = _tree(inspect.unwrap(maker))
    answers = [node.value for node in ast.walk(made) if isinstance(node, ast.Return) and node.value]
    return bool(answers) and all(_translated(answer, made, maker) for answer in answers)


def _called(called: ast.expr, function: FunctionType) -> Any:
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return getattr(function.__globals__.get(called.value.id), called.attr, None)
    return function.__globals__.get(getattr(called, "id", ""))


def _targets(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
