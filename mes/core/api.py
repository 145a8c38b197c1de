"""What every HTTP doorway shares."""
