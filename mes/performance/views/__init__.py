"""The supervisor's pages, and how time is drawn on them."""
