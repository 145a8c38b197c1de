"""Quality checks and what they decide."""
