"""Texts of libraries that people see here, and that the library cannot say in their language."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import django
from django.apps import apps

from core.management.catalogue import key_of, read_compiled
from core.management.source_texts import Text, texts_of_python, texts_of_template

# Files and folders whose texts reach a page of ours: forms and their errors, records in the admin.
SEEN = (
    "allauth/account",
    "allauth/mfa",
    "allauth/usersessions",
    "axes/models.py",
    "django/contrib/admin",
    "django/contrib/auth/models.py",
    "django/contrib/auth/password_validation.py",
    "django/core/validators.py",
    "django/db/models",
    "django/forms",
    "django_filters/conf.py",
    "django_filters/fields.py",
    "django_filters/filters.py",
    "django_filters/widgets.py",
    "django_q/models.py",
)
# Of those, what no page of ours shows.
UNSEEN = (
    "django/contrib/admin/templates/admin/auth",
    "django/contrib/admin/templates/registration",
    "django/contrib/admin/templates/admin/invalid_setup.html",
)
# Files whose translations we replace by our own: theirs speak as an office would, miss letters, or
# write months with a capital. People meet these texts in every form.
REWORDED = (
    "allauth/account/adapter.py",
    "allauth/account/forms.py",
    "allauth/mfa",
    "django/contrib/auth/password_validation.py",
    "django/core/validators.py",
    "django/forms",
    "django/utils/dates.py",
)


def texts_of_libraries(language: str) -> Iterator[Text]:
    """What the libraries leave in English, and what we say in our own words."""
    known = _translated_by_libraries(language)
    for part in SEEN:
        for text in _texts(part):
            if (text.context, text.one) not in known:
                yield text
    for part in REWORDED:
        yield from _texts(part)


def _texts(part: str) -> Iterator[Text]:
    package, _, rest = part.partition("/")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise LookupError(f"{package} is not installed")
    root = Path(spec.origin).parent.parent
    whole = root / package / rest
    files = [whole] if whole.is_file() else sorted(whole.rglob("*"))
    if not files:
        raise LookupError(f"{part} is gone from its library")
    for path in files:
        file = path.relative_to(root).as_posix()
        if file.startswith(UNSEEN):
            continue
        if path.suffix == ".py":
            yield from texts_of_python(path.read_text("utf-8"), file, is_strict=False)
        elif path.suffix == ".html":
            yield from texts_of_template(path.read_text("utf-8"), file)


def _translated_by_libraries(language: str) -> set[tuple[str, str]]:
    """(context, text) of what Django and the installed apps translate themselves."""
    places = [
        Path(django.__file__).parent / "conf",
        *(Path(app.path) for app in apps.get_app_configs()),
    ]
    known = set()
    for place in places:
        path = place / "locale" / language / "LC_MESSAGES" / "django.mo"
        if path.exists():
            known |= {key_of(message)[:2] for message in read_compiled(path)}
    return known
