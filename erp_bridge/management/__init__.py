"""The bridge from the command line."""
