"""Finds words people would see that never went through translation: in templates, Python, scripts.

A checker that reads, it runs nothing. What it takes for visible is written down here as data.
"""

import ast
import re
from html.parser import HTMLParser

from django.template.base import Lexer, TokenType

# Names and keys that are the same in every language.
ALLOWED = {
    "MagFlow", "eMAG", "CSV", "XLSX", "ID", "PIN", "QR", "IP", "API", "CUI", "IBAN", "EAN",
    "Ctrl", "Shift", "Alt", "Enter", "Esc", "Space", "Tab", "ms", "min", "kB", "MB",
    "true", "false", "submit",  # values of attributes: {{ is_open|yesno:"true,false" }}
}  # fmt: skip
WORD = re.compile(r"[^\W\d_]\w*(?:['’]\w+)*")
HOLE = "\ue000"  # where a value or a translated text will stand

# --- Templates --------------------------------------------------------------------------------

SILENT = {"script", "style", "code", "kbd", "samp"}
SPOKEN = {
    "alt", "aria-description", "aria-label", "aria-placeholder", "aria-roledescription",
    "aria-valuetext", "hx-confirm", "hx-prompt", "label", "placeholder", "title",
}  # fmt: skip
# Names under which templates hand words to each other: {% include … with title="…" %}.
WORDY = re.compile(
    r"\b(?:title|label|text|message|heading|hint|help|placeholder|caption|confirm|what|todo|empty"
    r"|detail|button)=(\"[^\"]*\"|'[^']*')"
)
FALLBACK = re.compile(r"\|(?:default|default_if_none|yesno|add):(\"[^\"]*\"|'[^']*')")
BADGE = re.compile(r"^badge\s+(\"[^\"]*\"|'[^']*')")
TRANSLATED = re.compile(r"_\((?:\"[^\"]*\"|'[^']*')\)")


def words_in(text):
    """Words of a text that are not names, keys or entities."""
    found = WORD.findall(re.sub(r"&#?\w+;", " ", text))
    return [word for word in found if len(word) > 1 and word not in ALLOWED]


class _Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.silent = []
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag in SILENT:
            self.silent.append(tag)
        given = dict(attrs)
        for name, value in attrs:
            if value and _is_spoken(tag, name, given) and words_in(value):
                self.found.append((self.getpos()[0], f'{name}="{value}"'))
            elif value and name.startswith("data-") and _reads_like_words(value):
                self.found.append((self.getpos()[0], f'{name}="{value}"'))

    def handle_endtag(self, tag):
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data):
        if not self.silent and words_in(data):
            self.found.append((self.getpos()[0], " ".join(data.split())))


def _is_spoken(tag, name, attrs):
    if name == "value":
        return tag == "input" and attrs.get("type") in {"submit", "button", "reset"}
    if name == "content":
        return attrs.get("name") == "description"
    return name in SPOKEN


def _reads_like_words(value):
    """A data attribute holds words when it has two of them, or one with a capital."""
    if re.search(r"[/#.{}\[\]_]", value.rstrip(".!?…")):
        return False
    found = words_in(value)
    return bool(found) and (len(found) > 1 or found[0][0].isupper())


def in_template(source, *, is_html=True):
    """[(line, what)] of one template."""
    flat, found = _flattened(source)
    if is_html:
        page = _Page()
        page.feed(flat)
        page.close()
        return sorted(found + page.found)
    lines = ((number, line) for number, line in enumerate(flat.splitlines(), 1))
    return sorted(found + [(number, line.strip()) for number, line in lines if words_in(line)])


def _flattened(source):
    """The template without its tags, and words found inside tags."""
    parts, found, until = [], [], ""
    for token in Lexer(source).tokenize():
        if token.token_type is TokenType.TEXT:
            parts.append("\n" * token.contents.count("\n") if until else token.contents)
            continue
        parts.append("\n" * token.contents.count("\n"))
        name = token.contents.split(maxsplit=1)[0] if token.contents.strip() else ""
        if token.token_type is TokenType.COMMENT:
            continue
        if until:
            until = "" if name == until else until
        elif token.token_type is TokenType.VAR:
            parts.append(HOLE)
            found += _in_tag(token)
        elif name in {"blocktranslate", "blocktrans"}:
            parts.append(HOLE)
            until = "end" + name
        elif name == "comment":
            until = "endcomment"
        elif re.match(r"block (\w*class|coltype)$", token.contents):
            until = "endblock"  # of an attribute: {% block bodyclass %}
        elif name not in {"translate", "trans"}:
            found += _in_tag(token)
    return "".join(parts), found


def _in_tag(token):
    if token.contents.startswith("icon "):
        return []  # its fallback is the name of an icon
    source = TRANSLATED.sub(HOLE, token.contents)
    literals = [m for pattern in (WORDY, FALLBACK, BADGE) for m in pattern.findall(source)]
    return [(token.lineno, literal) for literal in literals if words_in(literal)]


# --- Python -----------------------------------------------------------------------------------

# Where a call takes words: the places of its arguments. Names of arguments are in NAMED.
PLACES = {
    "NavItem": [0], "NavSection": [1], "Panel": [2], "BulkAction": [1], "Tab": [0], "Step": [0, 1],
    "Probe": [1, 3], "Hit": [0, 3, 4], "Command": [1, 5], "Shortcut": [1, 2],
    "TextColumn": [0], "LinkColumn": [0], "BadgeColumn": [0], "WhenColumn": [0],
    "MoneyColumn": [0], "NumberColumn": [0], "CustomColumn": [0],
    "Text": [0], "Search": [0], "Choice": [0], "Number": [0], "When": [0], "Flag": [0],
    "MagFlowError": [0], "RuleViolation": [0], "StaleData": [0], "SetupNeeded": [0],
    "ValidationError": [0], "toast": [1], "done": [1],
}  # fmt: skip
MESSAGES = {"debug", "info", "success", "warning", "error", "add_message"}
NAMED = {
    "confirm", "description", "empty_label", "empty_text", "help_text", "hint", "label",
    "label_suffix", "message", "placeholder", "says", "short_description", "title",
    "verbose_name", "verbose_name_plural",
}  # fmt: skip
# Calls whose `title=`, `message=`… is for machines or for whoever sits at the console.
FOR_MACHINES = {"CheckConstraint", "UniqueConstraint", "add_argument", "Error", "Warning"}


def in_python(source):
    """[(line, what)] of words given to people as they stand."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found += _in_call(node)
        elif isinstance(node, ast.ClassDef):
            found += _in_class(node)
        elif isinstance(node, ast.Dict):
            found += [
                value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value in SPOKEN
            ]
    return sorted({(n.lineno, ast.unparse(n)) for n in found if _is_words(n)})


def _in_call(call):
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    places = PLACES.get(name, [])
    if name in MESSAGES and ast.unparse(call.func).startswith("messages."):
        places = [2] if name == "add_message" else [1]
    given = [call.args[place] for place in places if place < len(call.args)]
    if name in FOR_MACHINES:
        return given
    return given + [keyword.value for keyword in call.keywords if keyword.arg in NAMED]


def _in_class(node):
    """Labels of choices, `verbose_name` in Meta, `label = "…"` of a class."""
    bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    assigned = [stmt for stmt in node.body if isinstance(stmt, ast.Assign)]
    if bases & {"TextChoices", "IntegerChoices"}:
        return [s.value.elts[-1] if isinstance(s.value, ast.Tuple) else s.value for s in assigned]
    return [s.value for s in assigned if any(getattr(t, "id", "") in NAMED for t in s.targets)]


def _is_words(node):
    if isinstance(node, ast.JoinedStr):
        fixed = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
        return bool(words_in(fixed))
    if isinstance(node, ast.IfExp):
        return _is_words(node.body) or _is_words(node.orelse)
    if isinstance(node, ast.BinOp):
        return _is_words(node.left) or _is_words(node.right)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(words_in(node.value))
    return False


# --- Scripts ----------------------------------------------------------------------------------

_SCRIPT_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`")


def in_script(source):
    """Strings of a script that begin like a sentence; scripts take their words from the page."""
    code = re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", source, flags=re.S)
    strings = (found.group()[1:-1] for found in _SCRIPT_STRING.finditer(code))
    return [text for text in strings if re.match(r"[A-Z][a-z]+ [a-z]|[A-Z][a-z]+[.!?…]$", text)]
