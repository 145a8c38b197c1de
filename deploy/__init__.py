"""What installs, checks, shows and runs Lineside."""
