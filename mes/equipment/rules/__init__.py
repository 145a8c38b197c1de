"""How states follow from what happened, and which time is planned; plain values, no database."""
