"""The operator's shell; apps plug their panels into it."""
