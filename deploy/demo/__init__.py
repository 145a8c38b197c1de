"""A small plant with its ERP, everything running: what `make demo` starts."""

SITE = "TALBRUECK"
