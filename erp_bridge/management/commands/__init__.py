"""One command: bridge."""
