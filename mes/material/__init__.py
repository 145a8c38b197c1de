"""Lots, issues, returns, backflush."""
