"""Finds every text that the code and the templates hand to gettext.

The same texts as Django's own makemessages finds, without the GNU tools it needs, and a few more:
calls under another name (`gettext_lazy as _later`) and calls inside an f-string.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.template import engines
from django.utils.translation.template import templatize

BASE_DIR = Path(__file__).resolve().parents[2]

# Which arguments of each function are texts: the context, the text, its plural.
_FUNCTIONS = {
    "gettext": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
_FUNCTIONS |= {f"{name}_lazy": places for name, places in _FUNCTIONS.items()}
_FUNCTIONS["_"] = _FUNCTIONS["gettext"]

# A call as templatize() writes it. Around it stands no valid Python, so this is all we can read.
_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_TEMPLATE_CALL = re.compile(
    rf"\b(?P<name>n?p?gettext|_)\((?P<strings>{_STRING}(?:, {_STRING})*)(?:, ?count)?\)"
)


@dataclass(frozen=True, slots=True)
class Text:
    """One text to translate and the file it stands in."""

    file: str
    one: str
    many: str = ""
    context: str = ""

    @property
    def message_id(self) -> str | tuple[str, str]:
        return (self.one, self.many) if self.many else self.one


class UnreadableText(ValueError):
    """A gettext call whose text is put together while the program runs: nobody can translate it."""


def texts_of_project() -> list[Text]:
    """Every text of the project's own apps, settings and templates."""
    return [text for path in source_files() for text in texts_of_file(path)]


def source_files() -> Iterator[Path]:
    """Python files and templates of this project, in a fixed order, libraries left out."""
    templates = [Path(folder) for engine in engines.all() for folder in engine.dirs]
    own_apps = [Path(app.path) for app in apps.get_app_configs()]
    packages = {path for path in own_apps if path.parent == BASE_DIR}
    for package in sorted(packages | {BASE_DIR / "magflow"}):
        yield from (p for p in sorted(package.rglob("*.py")) if "migrations" not in p.parts)
        templates.append(package / "templates")
    for folder in sorted(templates):
        yield from sorted(p for p in folder.rglob("*") if p.suffix in {".html", ".txt"})


def texts_of_file(path: Path) -> Iterator[Text]:
    file = path.relative_to(BASE_DIR).as_posix()
    source = path.read_text(encoding="utf-8")
    find = texts_of_python if path.suffix == ".py" else texts_of_template
    yield from find(source, file)


# --- Python -----------------------------------------------------------------------------------


def texts_of_python(source: str, file: str, *, is_strict: bool = True) -> Iterator[Text]:
    """The texts of a module; a call that cannot be read is refused, or skipped when not strict."""
    if "gettext" not in source:
        return
    tree = ast.parse(source, file)
    names = _names_in_use(tree)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if function := names.get(_called(call)):
            try:
                yield _text_of_call(call, function, file)
            except UnreadableText:
                if is_strict:
                    raise


def _names_in_use(tree: ast.AST) -> dict[str, str]:
    """What the translation functions are called in this file."""
    names = {name: name for name in _FUNCTIONS if name != "_"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {a.asname or a.name: a.name for a in node.names if a.name in _FUNCTIONS}
    return names


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):  # translation.gettext("…")
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _text_of_call(call: ast.Call, function: str, file: str) -> Text:
    def text(place: int | None) -> str:
        if place is None:
            return ""
        node = call.args[place] if place < len(call.args) else None
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            return node.value
        raise UnreadableText(f"{file}:{call.lineno}: {ast.unparse(call)} is not a fixed text")

    context, one, many = (text(place) for place in _FUNCTIONS[function])
    return Text(file, one, many, context)


# --- Templates --------------------------------------------------------------------------------


def texts_of_template(source: str, file: str) -> Iterator[Text]:
    # Translators see the same line ends on every system.
    readable = templatize(source.replace("\r\n", "\n"), origin=file)
    for call in _TEMPLATE_CALL.finditer(readable):
        strings = [ast.literal_eval(s) for s in re.findall(_STRING, call["strings"])]
        context, one, many = (_at(strings, place) for place in _FUNCTIONS[call["name"]])
        if one:
            yield Text(file, one, many, context)


def _at(strings: list[str], place: int | None) -> str:
    return "" if place is None else strings[place]


def conflicts(texts: Iterable[Text]) -> list[str]:
    """Texts that stand with two different plurals: a catalogue has room for one."""
    plurals: dict[tuple[str, str], str] = {}
    found = []
    for text in (text for text in texts if text.many):
        elsewhere = plurals.setdefault((text.context, text.one), text.many)
        if text.many != elsewhere:
            here = f"{text.file}: “{text.one}” has the plural “{text.many}”"
            found.append(f"{here} here, “{elsewhere}” elsewhere")
    return found
