"""The figures' definitions, as plain functions of plain values."""
