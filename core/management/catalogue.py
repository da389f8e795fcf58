"""The catalogues of translations under locale/: read, brought up to date, checked, compiled."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings

from core.management.source_texts import Text

SOURCE_LANGUAGE = "en"  # what the texts are written in; a site may speak another by default
HEADER = "# Texts of MagFlow, brought up to date by `python3 manage.py texts`. See docs/texts.md."


class Texts(Catalog):
    """A catalogue whose header says nothing that changes by itself: no dates, no tool versions."""

    def __init__(self, language: str) -> None:
        super().__init__(locale=language, header_comment=HEADER, fuzzy=False)

    @property
    def language(self) -> str:
        return str(self.locale)

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", self.language),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"{self.plural_forms}\n"),
        ]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """What a file says about itself is dropped: the language decides."""


# --- Files ------------------------------------------------------------------------------------


def languages() -> list[str]:
    """The languages to translate into: all but the one the source is written in."""
    return [code for code, _ in settings.LANGUAGES if code != SOURCE_LANGUAGE]


def po_path(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Texts:
    """The catalogue as it lies in the repository; an empty one when there is none."""
    texts = Texts(language)
    path = po_path(language)
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language)
        for message in known:
            if message.id:
                texts[message.id] = message
        texts.obsolete = known.obsolete
    return texts


def read_compiled(path: Path) -> list[Message]:
    """The messages of a .mo file, of ours or of a library."""
    with path.open("rb") as file:
        messages = [message for message in read_mo(file) if message.id]
    for message in messages:
        if isinstance(message.context, bytes):  # Babel 2.18 forgets to decode it
            message.context = message.context.decode()
    return messages


def write(texts: Texts) -> None:
    """Writes django.po and django.mo; the same texts give the same bytes."""
    path = po_path(texts.language)
    path.parent.mkdir(parents=True, exist_ok=True)
    po = io.BytesIO()
    write_po(po, texts, width=100, sort_output=True, include_lineno=False)
    path.write_bytes(po.getvalue().rstrip() + b"\n")
    path.with_suffix(".mo").write_bytes(compiled(texts))


def compiled(texts: Texts) -> bytes:
    """The catalogue as gettext reads it. What is half translated stays English as a whole."""
    whole = Texts(texts.language)
    for message in texts:
        if message.id and is_translated(message, texts.num_plurals):
            whole[message.id] = message
    mo = io.BytesIO()
    write_mo(mo, whole)
    return mo.getvalue()


# --- Bringing up to date ----------------------------------------------------------------------


def brought_up_to_date(old: Texts, found: Iterable[Text], *, forget: bool = False) -> Texts:
    """The texts of the source with the translations we have.

    Texts that have gone from the source are kept aside, so that they are not translated twice when
    they come back; `forget` drops them.
    """
    new = Texts(old.language)
    for text in found:
        new.add(text.message_id, locations=[(text.file, 0)], context=text.context or None)
    known = {key_of(m): m for m in [*old.obsolete.values(), *old] if m.id}
    for message in new:
        before = known.pop(key_of(message), None)
        if before and before.pluralizable == message.pluralizable:
            message.string = before.string
            message.user_comments = before.user_comments
            message.flags |= before.flags & {"fuzzy"}
    if not forget:
        kept = (item for item in known.items() if is_translated(item[1], new.num_plurals))
        new.obsolete = {"\x04".join(key): message for key, message in kept}
    return new


def key_of(message: Message) -> tuple[str, str, str]:
    """Context, text and plural: what gettext tells texts apart by."""
    ids = _ids(message)
    return message.context or "", ids[0], ids[1] if len(ids) > 1 else ""


# --- Checking ---------------------------------------------------------------------------------


def problems(texts: Texts, found: Sequence[Text]) -> Iterator[str]:
    """What a person would notice, and what they never would: one sentence for each."""
    current = brought_up_to_date(texts, found)
    here = {key_of(m) for m in texts if m.id}
    wanted = {key_of(m) for m in current if m.id}
    for message in sorted(m for m in current if m.id):
        if key_of(message) not in here:
            yield f"{_name(message)}: not in the catalogue"
        else:
            yield from (f"{_name(message)}: {fault}" for fault in faults(message, texts))
    gone = [m for m in texts if m.id and key_of(m) not in wanted]
    yield from (f"{_name(m)}: gone from the source" for m in gone)
    if compiled(texts) != _mo_bytes(texts):
        yield "django.mo does not say what django.po says"


def _mo_bytes(texts: Texts) -> bytes:
    """The compiled file as this version of Babel would have written it."""
    path = po_path(texts.language).with_suffix(".mo")
    if not path.exists():
        return b""
    compiled_before = Texts(texts.language)
    for message in read_compiled(path):
        compiled_before[message.id] = message
    return compiled(compiled_before)


def faults(message: Message, texts: Texts) -> list[str]:
    """What is wrong with one translation."""
    if message.fuzzy:
        return ["marked fuzzy; read it and take the mark away"]
    if not is_translated(message, texts.num_plurals):
        return ["a plural form is missing" if any(_forms(message)) else "not translated"]
    ones = _ids(message)
    found = []
    for number, form in enumerate(_forms(message)):
        # The form for exactly one may leave out the number ("a row"); the others are the plural.
        allowed = ones if number == 0 else ones[-1:]
        if not any(placeholders(form) == placeholders(one) for one in allowed):
            found.append(f"other placeholders or tags: {form!r}")
        if _edges(form) not in {_edges(one) for one in allowed}:
            found.append(f"begins or ends differently: {form!r}")
        if wrong := _WRONG_LETTERS.get(texts.language, _NONE).findall(_TAG.sub("", form)):
            found.append(f"wrong characters {' '.join(wrong)}: {form!r}")
    return found


# Romanian is written with commas below (ș ț), not cedillas, and quotes „so”.
_WRONG_LETTERS = {"ro": re.compile('[şţŞŢ“"]|[sStT]\u0327')}
_NONE = re.compile(r"(?!)")
_TAG = re.compile(r"<[^>]*>")

_PLACEHOLDERS = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*(?:![rsa])?(?::[^{}]*)?\}|</?[a-zA-Z]+")
_PUNCTUATION = ".…:;,?!"


def placeholders(text: str) -> list[str]:
    """What a translation must keep: named and numbered values, and tags."""
    return sorted(_PLACEHOLDERS.findall(text))


def _edges(text: str) -> tuple[str, str, str]:
    """White space in front, punctuation at the end, white space behind."""
    body = text.strip()
    start = text[: len(text) - len(text.lstrip())]
    end = text[len(text.rstrip()) :]
    return start, body[len(body.rstrip(_PUNCTUATION)) :], end


def is_translated(message: Message, plural_forms: int) -> bool:
    forms = _forms(message)
    return len(forms) == (plural_forms if message.pluralizable else 1) and all(forms)


def _forms(message: Message) -> list[str]:
    text = message.string
    return [text or ""] if isinstance(text, str | None) else list(text)


def _ids(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def _name(message: Message) -> str:
    file = message.locations[0][0] if message.locations else "the catalogue"
    return f"{file}: “{_ids(message)[0]}”"
