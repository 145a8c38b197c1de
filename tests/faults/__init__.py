"""Runs that kill processes and count what is left."""
