"""What a route answers, before it becomes bytes: the envelope, or a raw reply."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


class Texts(list[str]):
    """Results that are ready JSON texts, one for each document; they are joined, never parsed."""

    def __init__(self, texts: Iterable[str] = (), *, ids: Iterable[Any] = ()) -> None:
        super().__init__(texts)
        self.ids = list(ids)

    def documents(self) -> list[Any]:
        return [json.loads(text) for text in self]


@dataclass(slots=True)
class Answer:
    """The envelope {isError, messages, errors, results}, or `raw_body` as it stands."""

    results: Any = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    is_error: bool = False
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw_body: bytes | None = None
    #: Keys of the envelope that this answer lacks, such as "isError" or "errors".
    without: tuple[str, ...] = ()

    def body(self, *, ascii_only: bool = True) -> bytes:
        """The bytes of the answer: compact JSON with slashes escaped, as PHP writes it."""
        if self.raw_body is not None:
            return self.raw_body
        results = self.results
        if results is None or (isinstance(results, Mapping) and not results):
            results = []  # an empty array is all that PHP has for an empty object
        if isinstance(results, Texts):
            text = f"[{','.join(results)}]"
        else:
            text = php_json(results, ascii_only=ascii_only)
        parts = {
            "isError": "true" if self.is_error else "false",
            "messages": php_json(self.messages, ascii_only=ascii_only),
            "errors": "[]",
            "results": text,
        }
        inside = ",".join(
            f'"{key}":{value}' for key, value in parts.items() if key not in self.without
        )
        return f"{{{inside}}}".encode("utf-8", "surrogatepass")


def php_json(value: Any, *, ascii_only: bool = True) -> str:
    """`value` as PHP's json_encode writes it: no spaces, slashes escaped."""
    return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")).replace("/", "\\/")


def ok(results: Any = None, messages: Iterable[Any] = ()) -> Answer:
    """Success; `results` is a list, a dict, or Texts."""
    return Answer(results=[] if results is None else results, messages=list(messages))


def failed(messages: str | Iterable[Any], results: Any = None, *, status: int = 200) -> Answer:
    """isError true with these messages; HTTP 200 unless the route is one that says otherwise."""
    listed = [messages] if isinstance(messages, str) else list(messages)
    return Answer(
        results=[] if results is None else results, messages=listed, is_error=True, status=status
    )


def raw(
    status: int,
    body: bytes | str | Mapping[str, Any] = b"",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A reply without the envelope: a PDF, an empty 204, {"message": …} of a gateway."""
    if isinstance(body, Mapping):
        content, kind = php_json(body).encode(), "application/json"
    else:
        content, kind = (body.encode() if isinstance(body, str) else body), ""
    given = dict(headers or {})
    if kind:
        given.setdefault("Content-Type", kind)
    return Answer(status=status, raw_body=content, headers=given)
