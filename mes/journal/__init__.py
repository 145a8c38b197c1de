"""Every event that was published, sealed in order."""
