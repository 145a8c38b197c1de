"""What every HTTP doorway shares: strict input, one form of error, one form of list, and who may do what."""
