"""Plans, checks, readings, results and nonconformances over HTTP."""
