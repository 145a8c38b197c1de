"""Who worked on what, for how long."""
