"""Who may do what at which site: memberships and API keys."""
