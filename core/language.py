"""The language of what is stored: whoever causes it, everybody reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation


@contextmanager
def for_everybody() -> Iterator[None]:
    """Word what is going to be stored in the language of this installation.

    Where the cause is stored as well, pages word it anew for who reads it; what others said to us
    stays as they said it.
    """
    with translation.override(settings.LANGUAGE_CODE):
        yield
