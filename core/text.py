"""Text for searching, for spreadsheets and for narrow places. Pure: no Django, no database."""

import re
import unicodedata

# Letters that Unicode does not take apart, though people type them apart or bare.
_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "n",
     "æ": "ae", "œ": "oe", "þ": "th", "ĳ": "ij", "ŉ": "n", "\x00": " "}
)  # fmt: skip
_CYRILLIC = range(0x0400, 0x0530)
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A number or a phone number starts like a formula and is none: "-12,50", "+40 722 123 456".
_HARMLESS = re.compile(r"[+-]?\d[\d .,()/]*", re.ASCII)
# What XML, and so XLSX, cannot hold at all.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def fold(text: str) -> str:
    """The form in which text is searched: case, diacritics and spacing no longer matter.

    >>> fold("  Șosete   GROSE (Mărimea 42) ")
    'sosete grose (marimea 42)'
    >>> fold("ŞOSETE") == fold("sosete")
    True
    >>> fold("Hűtőszekrény")
    'hutoszekreny'

    Cyrillic letters keep their marks, because й is not an и with an ornament:

    >>> fold("БЪЛГАРСКИЙ")
    'българский'
    """
    if text.isascii():  # most of what is searched, and ten times faster
        return " ".join(text.replace("\x00", " ").lower().split())
    if (quick := text.translate(_LATIN)).isascii():
        return " ".join(quick.lower().split())
    text = text.encode("utf-8", "ignore").decode()  # half a surrogate pair is no text
    plain = _without_marks(text.casefold()).translate(_PLAIN)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def _without_marks(text: str) -> str:
    """Compatibility decomposition, minus the marks of every letter that is not Cyrillic."""
    kept = []
    bare = True
    # Case folding can undo itself under decomposition (and the other way round), so fold again.
    for char in unicodedata.normalize("NFKD", text).casefold():
        if unicodedata.combining(char):
            if not bare:
                kept.append(char)
        else:
            bare = ord(char) not in _CYRILLIC
            kept.append(char)
    return "".join(kept)


def _latin() -> dict[int, str]:
    """The letters of the Latin alphabets that come out as plain ones, worked out once."""
    found = {0: " "}
    for code in range(0xC0, 0x250):
        plain = _without_marks(chr(code).casefold()).translate(_PLAIN)
        if plain.isascii():
            found[code] = plain
    return found


_LATIN = _latin()  # names are full of them, and letter by letter takes ten times as long


def safe_cell(text: str) -> str:
    """Text that a spreadsheet shows and never runs.

    >>> safe_cell("=HYPERLINK(A1)")
    "'=HYPERLINK(A1)"
    >>> safe_cell("+40 722 123 456")
    '+40 722 123 456'
    """
    if text[:1].isalnum() and text.isprintable():
        return text  # nearly all of them, in a fifth of the time
    text = _UNPRINTABLE.sub("", text)
    # Spaces before it do not stop a spreadsheet from reading a formula.
    start = text.lstrip(" ")
    if start.startswith(_FORMULA_START) and not _HARMLESS.fullmatch(start):
        return "'" + text
    return text


def truncate(text: str, length: int) -> str:
    """At most `length` characters, cut between words where that loses little.

    >>> truncate("Anvelope de iarnă", 13)
    'Anvelope de…'
    >>> truncate("short", 12)
    'short'
    """
    if length < 1:
        raise ValueError("A text cannot be shorter than its own ellipsis.")
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    at_word = cut.rfind(" ")
    if not text[length - 1].isspace() and at_word >= len(cut) // 2:
        cut = cut[:at_word]
    return cut.rstrip() + "…"
