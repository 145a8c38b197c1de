"""One settings file; what differs between plants comes from the environment (see docs/operations.md)."""

import sys
from pathlib import Path
from typing import Any

import environ
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from config.logs import configure, logging_config
from mes.core.rights import sites_with

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

VAR_DIR = Path(env("LINESIDE_VAR", default=str(BASE_DIR / "var")))
LINESIDE_FILES = Path(env("LINESIDE_FILES", default=str(VAR_DIR / "files")))
"""Where documents and photos are kept. Never below anything that a web server hands out."""
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="only-for-development-" + "0" * 40 if DEBUG else environ.Env.NOTSET)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
LINESIDE_FIELD_KEYS = env.list("LINESIDE_FIELD_KEYS", default=[])
"""Fernet keys for secrets at rest, newest first. Empty: derived from SECRET_KEY."""
LINESIDE_PSEUDONYM_KEY = env("LINESIDE_PSEUDONYM_KEY", default="")
"""By which people of sites in privacy mode get their pseudonyms. Empty: derived from SECRET_KEY."""

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "simple_history",
    "axes",
    "csp",
    "django_structlog",
    "mes.core",
    "mes.journal",
    "mes.masterdata",
    "mes.access",
    "mes.terminal",
    "mes.material",
    "mes.execution",
    "mes.equipment",
    "mes.documents",
    "mes.andon",
    "mes.performance",
    "quality",
    "labor",
    "erp_bridge.costing",
    "erp_bridge",
]

MIDDLEWARE = [
    "mes.core.api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mes.access.views.AdminInSiteZone",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mes.core.pages.navigation",
            ]
        },
    }
]

# --- Where facts live -------------------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'lineside.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: a transaction that reads before it writes takes the write lock at once instead of failing on the upgrade.
    # FULL: with NORMAL a report that was acknowledged can be lost in a power cut.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    _database.setdefault("CONN_MAX_AGE", None)
    _database["CONN_HEALTH_CHECKS"] = True
    if sys.argv[1:2] != ["migrate"]:
        # A request that waits longer has been given up by whoever made it; a migration may take as long as it needs.
        _database["OPTIONS"] = {
            "options": "-c lock_timeout=3000 -c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000",
        }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Messages between processes: nudges only, never the truth ----------------------------------------------------
REDIS_URL = env("REDIS_URL", default="")
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 3600,
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
    }
    CACHES: dict[str, Any] = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    }
else:
    _broker = VAR_DIR / "broker"
    for _folder in ("messages", "processed", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "processed_folder": str(_broker / "processed"),
        "control_folder": str(_broker / "control"),
        "polling_interval": 0.05,
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "bridge-sweep": {"task": "erp_bridge.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "bridge-pull": {"task": "erp_bridge.tasks.pull_due", "schedule": 5.0, "options": {"expires": 5}},
    "bridge-collect": {"task": "erp_bridge.tasks.collect_due", "schedule": 30.0, "options": {"expires": 30}},
    "journal-seal": {"task": "mes.journal.tasks.seal", "schedule": 2.0, "options": {"expires": 2}},
    "andon-escalate": {"task": "mes.andon.tasks.escalate", "schedule": 15.0, "options": {"expires": 15}},
    "labor-forget-persons": {"task": "labor.tasks.forget_persons", "schedule": 86400.0},
    "documents-remove-unclaimed": {"task": "mes.documents.tasks.remove_unclaimed", "schedule": 86400.0},
    "access-forget-old-answers": {"task": "mes.access.tasks.forget_old_answers", "schedule": 86400.0},
}

LINESIDE_PRESENCE_MINUTES = env.int("LINESIDE_PRESENCE_MINUTES", default=60)
"""Whoever signed on at a terminal is signed off after so long without a touch, with a warning; 0: at the end of 12 hours."""

vars().update(env.email_url("EMAIL_URL", default="dummymail://"))
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", default="lineside@localhost")
EMAIL_TIMEOUT = 10

LINESIDE_FORGOTTEN_TIMER_HOURS = env.int("LINESIDE_FORGOTTEN_TIMER_HOURS", default=12)
"""A person's timer that ran longer was forgotten: it counts for nothing until a supervisor sets its end."""

LINESIDE_UNVERIFIED_ENTRIES = env.bool("LINESIDE_UNVERIFIED_ENTRIES", default=True)
"""Without network nobody can check a badge or a PIN: a terminal takes a person's word, and what they enter says so."""

LINESIDE_CONFIRM_ENTRIES_AFTER_HOURS = env.int("LINESIDE_CONFIRM_ENTRIES_AFTER_HOURS", default=12)
"""What waited at a terminal for longer is booked only once a person has said that it is still right; 0: never asked."""

LINESIDE_OFFLINE_PAGES = env.bool("LINESIDE_OFFLINE_PAGES", default=True)
"""Whether terminals keep their page on the device to be loaded without network (https only); 0 makes them remove it."""

LINESIDE_FONTS = env.list("LINESIDE_FONTS", default=[])
"""Directories of TrueType fonts for PDFs, before the system's own: mes/core/paper/fonts.py says which those are."""

LINESIDE_BRIDGE: dict[str, float] = env.json("LINESIDE_BRIDGE", default={})
"""Times of the bridge that differ from erp_bridge/engine/limits.py, e.g. {"lease": 120, "call": 45}."""

# --- People ------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_VERBOSE = False
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
LOGIN_URL = "login"
LOGOUT_REDIRECT_URL = "login"
LOGIN_REDIRECT_URL = "/"

# --- Pages -------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("ko", "한국어"), ("ar", "العربية")]
"""What terminals speak; the pages of the office are in English. Their texts: locale/, see deploy/translations.py."""
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 400 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # What `collectstatic` gathers is packed once; browsers get the packed file.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = env.bool("LINESIDE_STATIC_FROM_SOURCE", default=DEBUG)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
HTTPS = env.bool("LINESIDE_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
if HTTPS and env.bool("LINESIDE_BEHIND_PROXY", default=True):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Other names of the plant's domain are not ours to decide for.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "mes.terminal.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/", "/api/docs/"],
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    },
}

# --- The API -----------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "mes.core.api.problems.problem_handler",
    "DEFAULT_AUTHENTICATION_CLASSES": ["mes.access.api.ApiKeyAuthentication", "mes.access.api.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["mes.access.api.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["mes.core.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "mes.core.api.pages.CursorPagination",
    "DEFAULT_THROTTLE_CLASSES": ["mes.access.api.CallerThrottle"],
    "DEFAULT_SCHEMA_CLASS": "mes.core.api.schema.ProblemAutoSchema",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
LINESIDE_API_RATE = env.int("LINESIDE_API_RATE", default=30_000)
"""Requests a minute for each caller and web process; 0 means no limit."""
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "mes.core.api.schema.add_problem_component",
    ],
    "TITLE": "Lineside",
    "DESCRIPTION": "Work orders, operations and reports of the shop floor, and what ERPs send and fetch.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
}
_GREEN = "97 .02|94 .04|89 .08|82 .13|72 .16|62 .15|51 .13|44 .11|37 .09|31 .07|22 .05".split("|")
_GRAY = "98.500 .002|96.700 .003|92.800 .004|87.200 .005|70.700 .008|55.100 .010|44.600 .010|37.300 .010|27.800 .008|21 .007|15 .006".split(
    "|"
)
_STEPS = ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950")


def _admin_link(title: Any, icon: str, name: str, right: str = "masterdata:read") -> dict[str, Any]:
    def permission(request: Any) -> bool:
        return sites_with(request.user, right) != frozenset()

    return {"title": title, "icon": icon, "link": reverse_lazy(name), "permission": permission}


UNFOLD = {
    "SITE_TITLE": "Lineside",
    "SITE_HEADER": "Lineside",
    "SITE_ICON": lambda request: static("favicon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "mes.execution.views.planner_cards",
    "COLORS": {
        "primary": {step: f"oklch({tone.replace(' ', '% ')} 153)" for step, tone in zip(_STEPS, _GREEN, strict=True)},
        "base": {step: f"oklch({tone.replace(' ', '% ')} 106)" for step, tone in zip(_STEPS, _GRAY, strict=True)},
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": True,
        "navigation": [
            {
                "title": _("Planning"),
                "items": [
                    _admin_link(_("Work orders"), "assignment", "admin:execution_workorder_changelist", "orders:read"),
                    _admin_link(
                        _("Proposed changes"), "rule", "admin:execution_changeproposal_changelist", "orders:read"
                    ),
                    _admin_link(_("Board"), "dashboard", "execution:board", "orders:read"),
                    _admin_link(_("ERP bridge"), "sync_alt", "bridge:overview", "bridge:read"),
                ],
            },
            {
                "title": _("Master data"),
                "separator": True,
                "items": [
                    _admin_link(_("Items"), "category", "admin:masterdata_item_changelist"),
                    _admin_link(_("Bills of materials"), "account_tree", "admin:masterdata_billofmaterials_changelist"),
                    _admin_link(_("Routings"), "route", "admin:masterdata_routing_changelist"),
                    _admin_link(
                        _("Standard times"), "hourglass_empty", "admin:execution_standardtime_changelist", "orders:read"
                    ),
                    _admin_link(_("Work centers"), "precision_manufacturing", "admin:masterdata_workcenter_changelist"),
                    _admin_link(_("Documents"), "description", "admin:documents_document_changelist", "documents:read"),
                    _admin_link(
                        _("Inspection plans"), "checklist", "admin:quality_inspectionplan_changelist", "quality:read"
                    ),
                    _admin_link(_("People"), "badge", "admin:masterdata_person_changelist", "people:read"),
                    _admin_link(_("Split policies"), "call_split", "admin:masterdata_splitpolicy_changelist"),
                    _admin_link(
                        _("Privacy policies"), "shield", "admin:masterdata_privacypolicy_changelist", "access:manage"
                    ),
                    _admin_link(_("Reason codes"), "label", "admin:masterdata_reasoncode_changelist"),
                    _admin_link(
                        _("What stop reasons count as"),
                        "category_search",
                        "admin:equipment_stopreason_changelist",
                        "equipment:read",
                    ),
                    _admin_link(_("Shifts"), "schedule", "admin:masterdata_shift_changelist"),
                    _admin_link(_("Breaks"), "coffee", "admin:equipment_shiftbreak_changelist", "equipment:read"),
                    _admin_link(
                        _("Planned stops"), "event_busy", "admin:equipment_plannedstop_changelist", "equipment:read"
                    ),
                    _admin_link(_("Micro-stops"), "timer", "admin:equipment_stoppolicy_changelist", "equipment:read"),
                ],
            },
            {
                "title": _("What happened"),
                "separator": True,
                "items": [
                    _admin_link(
                        _("Reports"), "fact_check", "admin:execution_productionreport_changelist", "orders:read"
                    ),
                    _admin_link(
                        _("Movements of material"),
                        "swap_horiz",
                        "admin:material_materialmovement_changelist",
                        "material:read",
                    ),
                    _admin_link(_("Lots"), "inventory_2", "admin:material_lot_changelist", "material:read"),
                    _admin_link(_("Time on jobs"), "schedule", "admin:labor_laborsegment_changelist", "labor:read"),
                    _admin_link(
                        _("What work units did"), "timeline", "admin:equipment_statechange_changelist", "equipment:read"
                    ),
                    _admin_link(_("Downtime"), "block", "admin:equipment_downtimerecord_changelist", "equipment:read"),
                    _admin_link(
                        _("Calls for maintenance"),
                        "build",
                        "admin:equipment_maintenancerequest_changelist",
                        "equipment:read",
                    ),
                ],
            },
        ],
    },
}

configure()
LOGGING = logging_config(
    level=env("LOG_LEVEL", default="INFO"), readable=DEBUG, requests=env.bool("LOG_REQUESTS", default=False)
)
# A poll that ends in 304 must not load session and user only to log them.
DJANGO_STRUCTLOG_USER_ID_FIELD = None
