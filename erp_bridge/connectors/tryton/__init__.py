"""Tryton 8.2, spoken to over JSON-RPC: what is read, how each fact is booked and why is told in docs/connectors/tryton.md."""
