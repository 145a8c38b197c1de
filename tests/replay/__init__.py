"""A real machine shop's log played through the public API, and the same totals computed from the log by other code."""
