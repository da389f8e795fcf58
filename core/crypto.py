"""Encrypts the secrets in the database with FIELD_KEY (AES-128 in CBC with HMAC-SHA256: Fernet).

FIELD_KEY is one key, or several with commas between, the newest first: all of them decrypt, the
first encrypts. `manage.py rotate_field_key` then encrypts everything with the first, after which
the others can go.
"""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from core.errors import SetupNeeded

PREFIX = "v1:"  # what follows is a Fernet token; another number would be another scheme


class KeyMissing(SetupNeeded):
    """The secret was encrypted with a key that FIELD_KEY does not hold."""

    code = "field_key"


@lru_cache(maxsize=4)
def _boxes(keys: str) -> tuple[Fernet, ...]:
    try:
        return tuple(Fernet(key.strip()) for key in keys.split(","))
    except ValueError:
        raise ImproperlyConfigured(
            "FIELD_KEY is no encryption key: 32 random bytes in url-safe base64 are expected."
        ) from None


def encrypt(text: str) -> str:
    newest = _boxes(settings.FIELD_KEY)[0]
    return PREFIX + newest.encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text. A KeyMissing where none of the keys fits or the token was damaged."""
    if not token.startswith(PREFIX):
        raise KeyMissing(_("A stored secret is damaged. Enter it again."))
    try:
        box = MultiFernet(_boxes(settings.FIELD_KEY))
        return box.decrypt(token.removeprefix(PREFIX).encode()).decode()
    except InvalidToken:
        raise KeyMissing(
            _(
                "A stored secret was encrypted with another key. Add that key to FIELD_KEY, after a"
                " comma, or enter the secret again."
            )
        ) from None


def is_current(token: str) -> bool:
    """Whether the newest key made this token, so that rotation has nothing to do."""
    try:
        _boxes(settings.FIELD_KEY)[0].decrypt(token.removeprefix(PREFIX).encode())
    except InvalidToken:
        return False
    return True


def is_token(text: str) -> bool:
    """Whether this is something that encrypt() made; no person's text starts like that."""
    return text.startswith(PREFIX + "gAAAA")
