"""Takes secrets out of what is logged. Pure."""

import re
from urllib.parse import urlsplit, urlunsplit

MASK = "•••"

_NAMES = (
    r"[\w.-]*(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|authorization|signature"
    r"|credential|cookie)[\w.-]*"
)
# "password": "…" and 'password': 12 in JSON; password=… in a form or an address.
_VALUE = r"""("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,}\]]+)"""
_IN_JSON = re.compile(rf"""(["']{_NAMES}["']\s*:\s*){_VALUE}""", re.I)
_IN_FORM = re.compile(rf"(?<![\w.-])({_NAMES}=)[^&\s\"'<>]+", re.I)
_IN_XML = re.compile(rf"(<(?:\w+:)?(?:{_NAMES})(?:\s[^>]*)?>)[^<]*(?=</|<?\Z)", re.I)


def redact_start(text: str, most: int, secrets: tuple[str, ...] = ()) -> str:
    """The first `most` characters without secrets.

    A secret that stands across the cut would not be recognised by its first half, so those that
    are known go before the text is cut. One under a telling name is recognised without its end.

    >>> redact_start("the word is xyzzy, or so they say", 15, ("xyzzy",))
    'the word is •••'
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, MASK)
    return redact_text(text[:most])[:most]


def redact_text(text: str, secrets: tuple[str, ...] = ()) -> str:
    """A body without its secrets: those given, and whatever stands under a telling name.

    >>> redact_text('{"user": "ana", "password": "x\\\\"y"}')
    '{"user": "ana", "password": "•••"}'
    >>> redact_text("grant_type=code&client_secret=abc")
    'grant_type=code&client_secret=•••'
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, MASK)
    text = _IN_JSON.sub(rf'\1"{MASK}"', text)
    text = _IN_XML.sub(rf"\1{MASK}", text)
    return _IN_FORM.sub(rf"\1{MASK}", text)


def redact_url(url: str, secrets: tuple[str, ...] = ()) -> str:
    """An address without its password and without telling parameters.

    >>> redact_url("https://ana:geheim@example.com/a?token=abc&page=2")
    'https://•••@example.com/a?token=•••&page=2'
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")
    netloc = f"{MASK}@{host[2]}" if host[1] else parts.netloc
    return redact_text(urlunsplit(parts._replace(netloc=netloc)), secrets)
