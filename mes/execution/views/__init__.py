"""The pages of execution: board and orders, genealogy and recall."""

from mes.execution.views.board import planner_cards

__all__ = ["planner_cards"]
