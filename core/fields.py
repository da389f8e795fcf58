"""Two kinds of column: text folded for searching, and secrets that only MagFlow can read."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django import forms
from django.apps import apps
from django.core.exceptions import FieldError
from django.db import connection, models
from django.db.models import lookups
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import pre_save
from psycopg import sql

from core import crypto
from core.text import fold

if TYPE_CHECKING:
    TextField = models.TextField[Any, Any]
    Exact = lookups.Exact[Any]
else:
    TextField, Exact = models.TextField, lookups.Exact

# --- Searching --------------------------------------------------------------------------------


class SearchTextField(TextField):
    """The words of other fields, folded (core.text.fold), for `search_text__contains=fold(q)`.

    `sources` are names of attributes, with dots to follow relations. It is filled on save() and by
    bulk_create(). update() and bulk_update() pass it by: they are not used on its sources. A save()
    whose `update_fields` names a source and not this field is a mistake, and refused.
    """

    def __init__(self, *args: Any, sources: Sequence[str] = (), **kwargs: Any) -> None:
        # Not part of deconstruct(): the column does not depend on them, so migrations skip them.
        self.sources = tuple(sources)
        super().__init__(*args, **{"default": "", **kwargs, "blank": True, "editable": False})

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = False
    ) -> None:
        super().contribute_to_class(cls, name, private_only)
        if self.sources:
            pre_save.connect(self._refuse_half_a_save, sender=cls, weak=False)

    def _refuse_half_a_save(
        self, update_fields: frozenset[str] | None = None, **kwargs: object
    ) -> None:
        if update_fields is None or self.name in update_fields:
            return
        roots = {source.partition(".")[0] for source in self.sources}
        if left_behind := sorted(update_fields & roots):
            raise FieldError(
                f"save(update_fields=…) changes {', '.join(left_behind)}, which people search by:"
                f" name {self.name!r} too."
            )

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if not self.sources:  # in a migration, where there is only the column
            return getattr(model_instance, self.attname)
        found = (attrgetter(source)(model_instance) for source in self.sources)
        text = fold(" ".join(str(value) for value in found if value not in (None, "")))
        setattr(model_instance, self.attname, text)
        return text


# --- Secrets ----------------------------------------------------------------------------------

MASK = "•••"


class Secret:
    """A secret that has to be asked for: `account.token.reveal()`.

    Printed, formatted, logged or shown in a page or traceback it is only dots. It is decrypted when
    it is revealed, so a row whose key is lost still loads and can be given a new secret.
    """

    __slots__ = ("_text", "_token")
    is_secret = True  # the audit trail leaves it out

    def __init__(self, text: str = "", *, token: str = "") -> None:
        self._text = None if token else text
        self._token = token

    def reveal(self) -> str:
        """The text itself. Raises core.crypto.KeyMissing where no key of ours fits."""
        if self._text is None:
            self._text = crypto.decrypt(self._token)
        return self._text

    @property
    def token(self) -> str:
        """The text as it lies in the database; an empty secret is an empty text there."""
        if not self._token and self._text:
            self._token = crypto.encrypt(self._text)
        return self._token

    def __bool__(self) -> bool:
        return bool(self._token or self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return MASK if self else ""

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _sealed, (self.token,)  # a pickle in a cache holds it encrypted


def _sealed(token: str) -> Secret:
    return Secret(token=token)


class SecretAttribute(DeferredAttribute):
    """Wraps whatever is assigned, so that the attribute is a Secret before the first save too."""

    field: EncryptedTextField

    def __set__(self, instance: Any, value: Secret | str | None) -> None:
        if value is not None and not isinstance(value, Secret):
            value = Secret(str(value))
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(TextField):
    """A secret, encrypted in the database. It can be read and replaced, not searched or sorted.

    Forms show an empty password box and keep the old secret when it stays empty. "Is there one" can
    be asked: `.exclude(token="")`.
    """

    descriptor_class = SecretAttribute

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret | None:
        return None if value is None else Secret(token=value)

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return (value if isinstance(value, Secret) else Secret(str(value))).token

    def to_python(self, value: Any) -> Any:
        """From a form, or from a fixture, which holds the token that value_to_string() wrote."""
        if isinstance(value, str):
            return Secret(token=value) if crypto.is_token(value) else Secret(value)
        return value

    def value_to_string(self, obj: models.Model) -> str:
        value = getattr(obj, self.attname)
        return value.token if value else ""

    def value_from_object(self, obj: models.Model) -> str:
        return ""  # what a form would show

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if data:
            setattr(instance, self.attname, data)

    def formfield(self, **kwargs: Any) -> Any:
        widget = forms.PasswordInput(attrs={"autocomplete": "off"})
        return super().formfield(**{"strip": True, **kwargs, "widget": widget})

    def get_lookup(self, lookup_name: str) -> Any:
        allowed = {"exact": IsEmpty, "isnull": lookups.IsNull}
        if lookup_name not in allowed:
            raise FieldError(f"{self.name} is encrypted and cannot be searched by {lookup_name}.")
        return allowed[lookup_name]


class IsEmpty(Exact):
    """The same text is encrypted differently every time: only "is it empty" can be asked."""

    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise FieldError("An encrypted field can only be compared with the empty text.")
        return self.rhs


# --- A new key --------------------------------------------------------------------------------


def encrypted_fields() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    """Every encrypted column there is."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field


def reencrypt() -> int:
    """Encrypt every secret with the first key of FIELD_KEY; returns how many had another.

    Safe while the site runs: a secret that somebody replaces meanwhile is left alone.
    """
    columns = sum(_reencrypt_column(model, field) for model, field in encrypted_fields())
    return columns + sum(reencrypt_them() for reencrypt_them in _elsewhere)


_elsewhere: list[Callable[[], int]] = []


def also_reencrypt(reencrypt_them: Callable[[], int]) -> None:
    """For secrets that lie elsewhere, as in a library's table; it returns how many it changed."""
    if reencrypt_them not in _elsewhere:
        _elsewhere.append(reencrypt_them)


def _reencrypt_column(model: type[models.Model], field: EncryptedTextField) -> int:
    names = {
        "table": sql.Identifier(model._meta.db_table),
        "column": sql.Identifier(str(field.column)),
        "key": sql.Identifier(str(model._meta.pk.column)),
    }
    read = sql.SQL("SELECT {key}, {column} FROM {table} WHERE {column} <> ''").format(**names)
    write = sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s")
    changed = 0
    with connection.cursor() as cursor:
        cursor.execute(read)
        for pk, token in cursor.fetchall():
            if not crypto.is_current(token):
                new = crypto.encrypt(crypto.decrypt(token))
                cursor.execute(write.format(**names), [new, pk, token])
                changed += cursor.rowcount
    return changed
