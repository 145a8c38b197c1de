"""The product's settings, with what makes tests quick."""

import os

os.environ.setdefault("DEBUG", "1")

from config.settings import *  # noqa: E402, F403

DEBUG = False
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
AXES_ENABLED = False
WHITENOISE_USE_FINDERS = True
LOGGING_CONFIG = None

# A connection that a test makes is known at once.
LINESIDE_BRIDGE = {"wiring": 0.0}
