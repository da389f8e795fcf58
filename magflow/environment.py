"""Reads settings from the environment and collects all that is wrong, for one clear answer."""

from __future__ import annotations

import base64
import binascii
import difflib
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from magflow.refusal import Exit, Refused, disk_troubles

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
DOTENV = BASE_DIR / ".env"

TRUE = frozenset({"true", "yes", "on", "1"})
FALSE = frozenset({"false", "no", "off", "0"})
EXPECTED = {int: "a whole number", float: "a number", bool: "true or false"}


class Environment(environ.FileAwareEnv):  # type: ignore[misc]  # django-environ is untyped
    """django-environ's typed readers, which here note a wrong value and go on with the default.

    Any value NAME may also come from a file named in NAME_FILE, as containers hand over secrets.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.names: set[str] = set()

    def get_value(
        self,
        var: str,
        cast: Any = None,
        default: Any = environ.Env.NOTSET,
        parse_default: bool = False,
    ) -> Any:
        self.names.add(var)
        try:
            if default is not environ.Env.NOTSET and not self.ENVIRON.get(var, "").strip():
                return default  # NAME= in a file is a line left empty, not a wish
            if cast is bool and var in self.ENVIRON:
                return self.truth(var)
            return super().get_value(var, cast=cast, default=default, parse_default=parse_default)
        except OSError as error:
            self.wrong(var, f"names a file that cannot be read ({error.strerror})", suffix="_FILE")
        except (ImproperlyConfigured, ValueError):
            value = os.environ.get(var, "")
            self.wrong(var, f'is "{value}", but {EXPECTED.get(cast, "something else")} is expected')
        return default

    def truth(self, var: str) -> bool:
        word = str(self.ENVIRON[var]).strip().lower()
        if word not in TRUE | FALSE:
            raise ValueError(var)
        return word in TRUE

    def wrong(self, name: str, words: str, suffix: str = "") -> None:
        self.problems.append(f"{name}{suffix} {words}")

    # --- Readers of our own -------------------------------------------------------------------
    def site(self, name: str, default: str) -> str:
        """The address people type: scheme, host and perhaps a port, nothing after it."""
        value: str = self.str(name, default=default)
        if is_site(value.rstrip("/")):
            return value.rstrip("/")
        self.wrong(
            name, f'is "{value}", but an address such as https://erp.example.com is expected'
        )
        return default

    def secret(
        self, name: str, *, production: bool, make: Callable[[], str], check: Callable[[str], str]
    ) -> str:
        """A key: from the environment, or on a first run from var/, made when missing."""
        value: str = self.str(name, default="")
        if not value and not production:
            return local_key(name, make)
        problem = check(value) if value else "is not set"
        if problem:
            self.wrong(name, problem)
        return value

    def database(self, name: str) -> str:
        """A PostgreSQL address, or nothing."""
        value: str = self.str(name, default="")
        if value and urlsplit(value).scheme not in {"postgres", "postgresql"}:
            self.wrong(
                name, "is no PostgreSQL address such as postgres://user:password@host:5432/magflow"
            )
            return ""
        return value

    @classmethod
    def database_config(cls, address: str) -> dict[str, Any]:
        """Django's DATABASES entry. A host with %2F is the folder of a socket, as for psql.

        PostgreSQL shall not compile statements, see docs/adr/018; ?options=… in the address decides
        otherwise.
        """
        config: dict[str, Any] = cls.db_url_config(address)
        config.setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
        host = urlsplit(address).netloc.rpartition("@")[2]
        if "%2F" in host.upper():
            # Taken from the address again: a host name may be lowered, a folder may not.
            folder, _, port = host.partition(":")
            config.update(HOST=unquote(folder), PORT=port)
        return config

    def mail(self, name: str, default: str) -> dict[str, Any]:
        """Django's EMAIL_ settings out of an address such as smtp+tls://user:password@host:587."""
        try:
            return dict(self.email_url_config(self.str(name, default=default)))
        except (KeyError, ValueError, ImproperlyConfigured):
            self.wrong(
                name, "is no mail server such as smtp+tls://user:password@mail.example.com:587"
            )
            return {}

    def choice(self, name: str, choices: list[str], default: str) -> str:
        value: str = self.str(name, default=default)
        if value not in choices:
            self.wrong(name, f'is "{value}", but one of {", ".join(choices)} is expected')
            return default
        return value

    def require_in_production(self, production: bool, names: list[str]) -> None:
        for name in names:
            if production and not self.str(name, default=""):
                self.wrong(name, "is not set, and a site with an https SITE_URL needs it")

    def refuse_if_wrong(self) -> None:
        """End the start with everything that was found wrong, once all settings have been read."""
        problems = [*dict.fromkeys(self.problems), *misspelt(self.names)]
        if problems:
            listed = "\n".join(f"  - {problem}." for problem in problems)
            raise Refused(
                Exit.WRONG_SETTINGS,
                f"these settings are wrong; .env.example explains each of them:\n{listed}",
            )


def is_site(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _port = parts.port  # raises for what is no number
    except ValueError:
        return False
    bare = not (parts.path or parts.query or parts.fragment or parts.username)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and bare


def local_key(name: str, make: Callable[[], str]) -> str:
    """The key kept in var/ for a first run. Written once, readable by its owner only."""
    path = VAR_DIR / name.lower()
    with disk_troubles(VAR_DIR):
        VAR_DIR.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            # Linked into place whole, so that two processes starting at once agree on one key.
            partial = path.with_name(f".{path.name}.{os.getpid()}")
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(make() + "\n")
            try:
                os.link(partial, path)
            except FileExistsError:
                pass
            finally:
                partial.unlink()
        return path.read_text().strip()


def misspelt(known: set[str]) -> list[str]:
    """Names in .env that are no setting: nearly always a typing error that would go unnoticed."""
    found = []
    for name in sorted(DOTENV_NAMES):
        plain = name.removesuffix("_FILE")
        if plain not in known | ELSEWHERE:
            close = difflib.get_close_matches(plain, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            found.append(f"{name} in .env is not a setting{hint.rstrip('?')}")
    return found


def make_secret_key() -> str:
    return secrets.token_urlsafe(50)


def check_secret_key(value: str) -> str:
    if len(value) < 50 or len(set(value)) < 5:
        return "is too weak: at least 50 random characters are expected"
    return ""


def make_field_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def check_field_key(value: str) -> str:
    """Several keys may stand in a row, the newest first, while old values are re-encrypted."""
    for key in value.split(","):
        try:
            good = len(base64.urlsafe_b64decode(key.strip().encode())) == 32
        except (binascii.Error, ValueError):
            good = False
        if not good:
            return "is no encryption key: 32 random bytes in url-safe base64 are expected"
    return ""


def runs(*commands: str) -> bool:
    """Whether this process is one of these management commands."""
    return sys.argv[1:2] != [] and sys.argv[1] in commands


def load() -> Environment:
    """The environment, with what .env adds to it. What is set outside wins over the file."""
    if DOTENV.is_file():
        before = set(os.environ)
        Environment.read_env(DOTENV)
        DOTENV_NAMES.update(set(os.environ) - before)
    return Environment()


# Read by the web server, by deploy/ or by the tests rather than by the settings file.
ELSEWHERE = frozenset(
    {"WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "PORT", "CI", "DJANGO_SETTINGS_MODULE"}
)
DOTENV_NAMES: set[str] = set()
env = load()
