"""What every app stands on; no tables."""
