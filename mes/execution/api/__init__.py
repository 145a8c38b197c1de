"""Work orders, operations and reports over HTTP."""
