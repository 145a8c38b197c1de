"""The product's settings, with what makes tests quick."""

import os

os.environ.setdefault("DEBUG", "1")

from config.settings import *  # noqa: E402, F403
from deploy.translations import compile_all  # noqa: E402

# What is tested is what is written down, not what was compiled some day.
compile_all()

DEBUG = False
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
AXES_ENABLED = False
WHITENOISE_USE_FINDERS = True
LOGGING_CONFIG = None

LINESIDE_FILES = VAR_DIR / "test-files"  # noqa: F405

# A connection that a test makes is known at once.
LINESIDE_BRIDGE = {"wiring": 0.0}

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, because an in-memory database knows neither WAL nor waiting for another thread's lock. What a power cut
    # would lose is of no interest here.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = (  # noqa: F405
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"
    )
