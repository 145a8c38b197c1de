"""The product's own settings, quiet, for processes that are killed."""

from config.settings import *  # noqa: F403

LOGGING_CONFIG = None
