"""What the author of a flow or a connector imports; no Django inside."""
