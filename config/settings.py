"""Every setting, in one file, read from the environment.

`./run` writes `.data/runtime.env`; where it exists, `manage.py` finds the same
database and broker by itself. In production the environment must say everything:
nothing secret has a default, and what is missing is named.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
# A running demo's own addresses; the environment wins over the file.
environ.Env.read_env(env.str("PLURIVOX_RUNTIME_ENV", str(BASE_DIR / ".data" / "runtime.env")))


def required(name: str) -> str:
    value: str = env.str(name, "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Start with ./run demo, which sets it, "
            "or set it in the environment (.env.example lists every name)."
        )
    return value


EMBEDDED: bool = env.bool("PLURIVOX_EMBEDDED", False)
DEBUG: bool = env.bool("DEBUG", False)
SECRET_KEY = required("SECRET_KEY")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
SITE_URL = required("SITE_URL").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

if not EMBEDDED:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG shows internals: unset it in production.")
    if len(SECRET_KEY) < 40:
        raise ImproperlyConfigured("SECRET_KEY is too short: use 50 random characters.")
    if len(required("PSEUDONYM_KEY")) < 40:
        raise ImproperlyConfigured("PSEUDONYM_KEY is too short: use 50 random characters.")
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS is not set: name the site's host.")

INSTALLED_APPS = [
    "modeltranslation",
    "unfold",  # the look of Django's admin; before it, so that its pages are found first
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "accounts",
    "candidates",
    "annotation",
    "exports",
    "insights",
    "demo",
    "rehearsal",
]

MIDDLEWARE = [
    "insights.middleware.HealthMiddleware",  # before anything that needs a database
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # answers with files compressed beforehand
    "exports.access.streams.NotePeople",  # streams of the API make way for people
    # Pages are compressed on their way. An observer who can make a browser ask for pages that
    # mirror a guess beside a secret learns from their sizes (BREACH): Django masks the CSRF
    # token anew in each page, adds up to 100 random bytes, and pages that hold a personal link
    # mirror nothing of the address (block "here" of templates/base.html).
    "config.compression.CompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "annotation.middleware.ParticipationMiddleware",
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
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

FORM_RENDERER = "annotation.forms.rendering.Renderer"

required("DATABASE_URL")
DATABASES = {"default": env.db("DATABASE_URL")}
# Threads of the web and worker processes share a small pool of connections. Each is looked
# at before use: after a restart of PostgreSQL nobody meets a dead one.
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 1,
    "max_size": 12,
    "timeout": 10,
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = ["annotation.backend.RolesBackend"]

# -- How the team signs in (docs/deploying.md). Annotators have no accounts.
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "your-account"
# Whoever signs in has a second factor, or sets one up before she opens the desk.
STAFF_TWO_FACTOR: bool = env.bool("STAFF_TWO_FACTOR", not EMBEDDED)
STAFF_SESSION_HOURS: int = env.int("STAFF_SESSION_HOURS", 12)
ACCOUNT_ADAPTER = "annotation.adapters.AuditedAccountAdapter"
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapters.IssuerAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses are entered by administrators
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SESSION_COOKIE_AGE = STAFF_SESSION_HOURS * 3600
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Failed sign-ins: per address, and per account; codes of a second factor count as well.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "5/m/ip,3/h/key",
}
# A new password by mail, where the address of a mail server is set; else the pages are not there.
EMAIL_URL: str = env.str("EMAIL_URL", "")
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL: str = env.str("MAIL_FROM", f"plurivox@{urlsplit(SITE_URL).hostname}")
PASSWORD_RESET_TIMEOUT = 3600  # seconds in which its link is good
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # who has no account gets no mail
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Plurivox"
MFA_TOTP_TOLERANCE = 1  # of 30 seconds: clocks differ
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED
# Sign-in through an issuer of the institution, where all three are set.
OIDC_ISSUER: str = env.str("OIDC_ISSUER", "").rstrip("/")
OIDC_CLIENT_ID: str = env.str("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET: str = env.str("OIDC_CLIENT_SECRET", "")
OIDC_NAME: str = env.str("OIDC_NAME", "your institution")
if any((OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET)):
    if not all((OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET)):
        raise ImproperlyConfigured(
            "Sign-in through an issuer needs OIDC_ISSUER, OIDC_CLIENT_ID and "
            "OIDC_CLIENT_SECRET: set all three, or none."
        )
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "issuer",
                    "name": OIDC_NAME,
                    "client_id": OIDC_CLIENT_ID,
                    "secret": OIDC_CLIENT_SECRET,
                    "settings": {"server_url": OIDC_ISSUER},
                }
            ],
            "OAUTH_PKCE_ENABLED": True,
        }
    }
# A link leads to the issuer: a form would break the policy that forms stay on this site.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_AUTO_SIGNUP = True  # nobody signs up: the adapter refuses

# -- The desk: its frame and colours are in templates/unfold/layouts and static/css
UNFOLD = {"SITE_TITLE": "Plurivox", "SITE_HEADER": "Plurivox", "SHOW_VIEW_ON_SITE": False}

# -- Languages: interface texts through gettext, study texts through modeltranslation
LANGUAGES = [
    ("en", "English"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("pt-br", "Português (Brasil)"),
    ("hi", "हिन्दी"),
]
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
MODELTRANSLATION_DEFAULT_LANGUAGE = "en"
MODELTRANSLATION_FALLBACK_LANGUAGES = ("en",)
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True

# -- Static files: compressed once, named by content, served by the web process
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(BASE_DIR / ".data" / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static.BundledStorage"},
}

# -- Security
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if not EMBEDDED else None
# How many proxies of our own stand before the site, each adding to X-Forwarded-For. Only
# the check for duplicates asks: with 0 the header is not believed.
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", 0)
SECURE_SSL_REDIRECT = SITE_URL.startswith("https:")
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if SITE_URL.startswith("https:") else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https:")
SESSION_ENGINE = "annotation.sessions"
SESSION_COOKIE_AGE = 60 * 24 * 3600
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "annotation.views.expired.csrf_failed"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "img-src": [SELF, "data:"],
    }
}

# -- What leaves
# Pseudonyms are keyed with it. Keep it apart from backups of the database: who has both can
# tell whose rows are whose. A new key gives everybody new pseudonyms.
PSEUDONYM_KEY = required("PSEUDONYM_KEY")
EXPORTS_DIR = Path(env.str("EXPORTS_DIR", str(BASE_DIR / ".data" / "exports")))
# A file whose worker vanished is taken up again after this many seconds.
EXPORT_LEASE_SECONDS: int = env.int("EXPORT_LEASE_SECONDS", 60)

# -- Celery: the database is the truth, Redis only carries ids
REDIS_URL = required("REDIS_URL")
CACHES = {
    # What all web processes share, such as counts of failed sign-ins.
    "default": {
        "BACKEND": "accounts.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "plurivox:cache",
    },
    # What each process may keep for itself, without asking anybody.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
# A set whose worker vanished is taken up again after this many seconds.
GENERATION_LEASE_SECONDS: int = env.int("GENERATION_LEASE_SECONDS", 180)

# Hosts in private networks that model endpoints of studies may point to, by name.
ALLOWED_PRIVATE_HOSTS: list[str] = env.list("ALLOWED_PRIVATE_HOSTS", default=[])
# Each key goes to one host alone: who writes a study names addresses, and no key follows her.
API_KEY_HOSTS: dict[str, str] = env.dict("API_KEY_HOSTS", default={})

# -- The vendors' API
# What one token may ask a minute, and how often one address may name a token that is none.
API_REQUESTS_PER_MINUTE: int = env.int("API_REQUESTS_PER_MINUTE", 600)
API_FAILURES_PER_MINUTE: int = env.int("API_FAILURES_PER_MINUTE", 30)
# Long answers (change feed, wide CSV) that one web process gives at once; of its threads the
# others are people's. See exports/access/streams.py.
API_STREAMS: int = env.int("API_STREAMS", 1)
# Files that one web process sends at once, each on a thread of its own, and the seconds after
# which a reader is cut who took less than 256 KiB in them. See exports/access/transfers.py.
API_DOWNLOADS: int = env.int("API_DOWNLOADS", 2)
DOWNLOAD_PATIENCE: int = env.int("DOWNLOAD_PATIENCE", 60)
# How long the address of a file can be used; its export gives a new one at any time.
DOWNLOAD_SECONDS: int = env.int("DOWNLOAD_SECONDS", 3600)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["exports.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["exports.api.permissions.OpensData"],
    "DEFAULT_THROTTLE_CLASSES": ["exports.api.throttling.TokenThrottle"],
    "DEFAULT_PARSER_CLASSES": ["exports.api.parsing.SmallJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "exports.api.schema.Schema",
    "EXCEPTION_HANDLER": "exports.api.problems.answer_with_problem",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Plurivox",
    "DESCRIPTION": "What leaves a study: for vendors' programs. docs/api.md tells how to use it.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {},
    "TAGS": [
        {"name": "studies", "description": "The token's study and how far it is."},
        {"name": "exports", "description": "Files of one format, under pseudonyms."},
        {"name": "changes", "description": "What changed since you last asked."},
        {"name": "people", "description": "The vendor's own people, under the vendor's own ids."},
    ],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"routes": {"()": "config.logs.RoutesOnly"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx2": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "django.request": {"filters": ["routes"]},
    },
}
