"""The one settings file. Everything comes from the environment; .env.example lists every name."""

import hashlib
from datetime import timedelta
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from magflow import __version__, embedded, environment, logs
from magflow.environment import BASE_DIR, VAR_DIR, env

# --- Base -------------------------------------------------------------------------------------
VERSION = __version__
# An address with https makes this a production site: keys and database must then be given, and
# cookies and headers become strict. Plain http is the first run on one's own machine.
SITE_URL = env.site("SITE_URL", default="http://127.0.0.1:8000")
PRODUCTION = SITE_URL.startswith("https://")
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.secret(
    "SECRET_KEY",
    production=PRODUCTION,
    make=environment.make_secret_key,
    check=environment.check_secret_key,
)
# Encrypts credentials in the database. Several keys, the newest first, while changing it.
FIELD_KEY = env.secret(
    "FIELD_KEY",
    production=PRODUCTION,
    make=environment.make_field_key,
    check=environment.check_field_key,
)
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    default=[] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]", urlsplit(SITE_URL).hostname],
)

INSTALLED_APPS = [
    "core",
    "accounts",
    "outbox",
    "catalog",
    "orders",
    "emag",
    "ops",
    "accounts.admin_site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",  # its widget templates, found through the project's own template folder
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "channels",
    "django_filters",
    "django_htmx",
    "django_q",
    "django_tables2",
]

MIDDLEWARE = [
    "core.middleware.RequestIdMiddleware",
    "magflow.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.middleware.HtmxLoginMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.PersonMiddleware",
    "core.middleware.ErrorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.VisitMiddleware",
    "accounts.middleware.EnrolmentMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "magflow.urls"
ASGI_APPLICATION = "magflow.asgi.application"

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
                "core.context.shell",
            ],
            "builtins": ["core.templatetags.magflow"],
        },
    }
]

CSRF_FAILURE_VIEW = "core.views.shell.csrf_failure"
FORM_RENDERER = "core.renderer.FormRenderer"

# --- Database ---------------------------------------------------------------------------------
DATABASE_URL = env.database("DATABASE_URL")
DATABASE_IS_EMBEDDED = not DATABASE_URL
DATABASES = {"default": env.database_config(DATABASE_URL or embedded.url())}
DATABASES["default"]["CONN_MAX_AGE"] = 0
# The web process sets this one; the forked processes of a worker must not share a pool.
if env.bool("DB_POOL", default=False):
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 2, "max_size": 10}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    # What all processes must agree on: attempts are counted here, and a used two-factor code is.
    # So it is never in Redis, which may be lost or away.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "magflow_cache",  # made by accounts.0002
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    # What each process may know for itself, without a query.
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# --- Worker -----------------------------------------------------------------------------------
Q_CLUSTER = {
    "name": "magflow",
    "orm": "default",
    "workers": env.int("WORKERS", default=3),
    "queue_limit": 2,
    "bulk": 1,
    "poll": 0.2,
    "timeout": 120,
    "retry": 600,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 0,
    "recycle": 500,
    "max_rss": 300_000,
}

# A worker that is silent for longer is taken for dead by the watchdog, and restarted.
WORKER_SILENCE = env.int("WORKER_SILENCE", default=180)

# --- Other systems ----------------------------------------------------------------------------
BNR_RATES_URL = env.str("BNR_RATES_URL", default="https://curs.bnr.ro/nbrfxrates.xml")
# A production site calls other addresses than eMAG's own only by https and on the public internet;
# these hosts also otherwise (emag.client.other_address).
EMAG_OTHER_HOSTS = env.list("EMAG_OTHER_HOSTS", default=[])
# From where pages may show pictures of products, as the Content-Security-Policy writes it.
IMAGE_HOSTS = env.list(
    "IMAGE_HOSTS",
    default=[
        "https://*.emag.ro", "https://*.emag.bg", "https://*.emag.hu", "https://*.fashiondays.ro",
        "https://*.fashiondays.bg", "https://*.fashiondays.hu", "https://*.akamaized.net",
        # The simulated marketplace of the demo.
        *([] if PRODUCTION else ["http://127.0.0.1:*", "http://localhost:*"]),
    ],
)  # fmt: skip

# --- Live hints -------------------------------------------------------------------------------
# This backend publishes the live hints of a transaction together with its commit.
DATABASES["default"]["ENGINE"] = "core.postgres"
# PostgreSQL carries the hints, and no channel layer is needed, unless there is a Redis.
CHANNEL_LAYERS: dict[str, dict[str, object]] = {}
if REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "core.live.over_redis.HintLayer",
        "CONFIG": {
            # Redis keeps the channels of its databases together: installations differ by name.
            "prefix": "magflow" + hashlib.sha256(SECRET_KEY.encode()).hexdigest()[:8],
            "hosts": [
                {
                    "address": REDIS_URL,
                    # redis-py 8 gives up a quiet connection after 5 s; an idle page is no fault.
                    "socket_timeout": None,
                    "socket_connect_timeout": 2,
                    "max_connections": 10_000,
                }
            ],
        },
    }

# --- People -----------------------------------------------------------------------------------
# How many proxies of ours stand in front: what they say about a visitor is believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # says no while somebody is locked out
    "accounts.backends.RoleBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 30 * 24 * 3600  # with "stay signed in"; without, until the browser closes

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # whoever is here was invited at that address
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = None  # ask
ACCOUNT_FORMS = {
    "login": "accounts.sign_in_forms.SignInForm",
    "reauthenticate": "accounts.sign_in_forms.ConfirmPasswordForm",
    "change_password": "accounts.sign_in_forms.ChangePasswordForm",
    "reset_password": "accounts.sign_in_forms.ForgottenPasswordForm",
    "reset_password_from_key": "accounts.sign_in_forms.NewPasswordForm",
    "user_token": "accounts.sign_in_forms.ResetLinkForm",
}
# Counted in the shared cache. "login_failed" also counts wrong two-factor codes, by person.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/5m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
USERSESSIONS_TRACK_ACTIVITY = False  # accounts.middleware.VisitMiddleware does it without queries

MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # phones whose clock is half a minute wrong; a code still works once
MFA_RECOVERY_CODE_DIGITS = 10
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "accounts.sign_in_forms.SecondFactorForm",
    "reauthenticate": "accounts.sign_in_forms.ConfirmFactorForm",
    "activate_totp": "accounts.sign_in_forms.SetUpAppForm",
    "add_webauthn": "accounts.sign_in_forms.AddPasskeyForm",
    "edit_webauthn": "accounts.sign_in_forms.RenamePasskeyForm",
}

# Five wrong passwords for one address from one place, or fifty from one place, and nothing more is
# tried from there for a quarter of an hour (accounts.lockout).
AXES_HANDLER = "accounts.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_FORM_FIELD = "email"
AXES_USERNAME_CALLABLE = "accounts.lockout.username_of"
AXES_CLIENT_IP_CALLABLE = "accounts.lockout.place_of"
AXES_LOCKOUT_CALLABLE = "accounts.lockout.locked_response"
AXES_DISABLE_ACCESS_LOG = True  # the audit trail has it
AXES_VERBOSE = False

# --- Security ---------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health/$"]  # asked from inside, where there is no TLS
SECURE_HSTS_SECONDS = 63_072_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# Believed only behind a proxy of ours: anybody can send that header.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CSRF_TRUSTED_ORIGINS = [SITE_URL] if PRODUCTION else []

# With the __Host- prefix browsers take these cookies from this very host over https only.
_COOKIE_PREFIX = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = _COOKIE_PREFIX + "session"
CSRF_COOKIE_NAME = _COOKIE_PREFIX + "csrf"
LANGUAGE_COOKIE_NAME = _COOKIE_PREFIX + "language"
THEME_COOKIE_NAME = _COOKIE_PREFIX + "theme"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# What a page says after a change names people; it waits with us and not in a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

# --- Language and time ------------------------------------------------------------------------
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", ["en", "ro"], default="en")
LANGUAGES = [("en", _("English")), ("ro", _("Romanian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Bucharest"
USE_I18N = True
USE_TZ = True

# --- Files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(VAR_DIR / "media"))
# Scheduled exports are written below this folder and nowhere else; empty: into no folder.
EXPORT_DIR = env.str("EXPORT_DIR", default="" if PRODUCTION else str(VAR_DIR / "exports"))
# What a mail may carry; a larger file is a link, which is good for a week.
EXPORT_MAIL_MB = env.int("EXPORT_MAIL_MB", default=10)
# With collected files their names carry a hash and browsers keep them for ever. Without, as in
# development and before the first `up`, they are served from where they lie.
STATIC_IS_COLLECTED = not DEBUG and (
    PRODUCTION
    or environment.runs("up", "collectstatic")
    or (STATIC_ROOT / "staticfiles.json").exists()
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_IS_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not STATIC_IS_COLLECTED
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- Mail -------------------------------------------------------------------------------------
# Without a server, mails of a first run are kept in var/mail. Those of a production site are
# dropped: a password link has no place on its disk.
vars().update(env.mail("EMAIL_URL", default="dummymail://"))
EMAIL_TIMEOUT = 30  # a server that falls silent holds no worker and no page
if not PRODUCTION and not env.str("EMAIL_URL", default=""):
    EMAIL_BACKEND = "magflow.mail.FolderBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str(
    "MAIL_FROM", default=f"MagFlow <magflow@{urlsplit(SITE_URL).hostname}>"
)

# --- Logs -------------------------------------------------------------------------------------
LOGGING = logs.config(
    level=env.choice("LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR"], default="INFO"),
    shape=env.choice("LOG_FORMAT", ["plain", "json"], default="plain"),
)

env.require_in_production(PRODUCTION, ["DATABASE_URL", "ALLOWED_HOSTS"])
env.refuse_if_wrong()
