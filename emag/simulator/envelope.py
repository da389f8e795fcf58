"""Bodies as PHP reads them: JSON or bracketed form fields, counted, and taken out of `data`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

BRACKETS = re.compile(r"\[([^\]]*)\]")


class Malformed(ValueError):
    """The body is no JSON."""


def parsed(body: bytes, content_type: str) -> tuple[Any, bool]:
    """The payload of a body, and whether it came form-encoded. An empty body is an empty object."""
    if not body.strip():
        return {}, False
    if "form-urlencoded" in content_type:
        return php_fields(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)), True
    try:
        payload = json.loads(body)
        if b"\\ud" in body.lower():
            # Half a surrogate pair is no text; PHP refuses the whole body for it.
            json.dumps(payload, ensure_ascii=False).encode()
        return payload, False
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error


def php_fields(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Bracket notation as PHP reads it.

    >>> php_fields([("data[currentPage]", "1"), ("eans[]", "5"), ("eans[]", "6")])
    {'data': {'currentPage': '1'}, 'eans': ['5', '6']}
    """
    fields: dict[str, Any] = {}
    for name, value in pairs:
        head, _, rest = name.partition("[")
        steps = [head, *BRACKETS.findall(f"[{rest}")] if rest else [head]
        target = fields
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            key = step or str(len(target))
            if following is None:
                target[key] = value
            else:
                if not isinstance(target.get(key), dict):
                    target[key] = {}
                target = target[key]
    return {key: _listed(value) for key, value in fields.items()}


def _listed(value: Any) -> Any:
    """Objects with the keys 0, 1, 2… are lists."""
    if not isinstance(value, dict):
        return value
    if value and list(value) == [str(number) for number in range(len(value))]:
        return [_listed(one) for one in value.values()]
    return {key: _listed(one) for key, one in value.items()}


def scalars(payload: Any) -> int:
    """How many input variables PHP would count.

    >>> scalars({"data": [{"id": 1, "images": ["a", "b"]}]})
    3
    """
    count, stack = 0, [payload]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        else:
            count += 1
    return count


def filters(payload: Any, *, form_encoded: bool, nested: bool) -> dict[str, Any]:
    """The filters of a read. In JSON they are top-level; inside `data` they count only in form
    notation, or when the switch for the old behaviour is set."""
    if not isinstance(payload, dict):
        return {}
    inner = payload.get("data")
    if isinstance(inner, dict) and (form_encoded or nested):
        return {**{key: value for key, value in payload.items() if key != "data"}, **inner}
    return payload


def entities(payload: Any, accepts: str) -> list[Any] | None:
    """The entities of a save, or None where this server does not take such an envelope."""
    if isinstance(payload, dict) and "data" in payload:
        if accepts == "bare_only":
            return None
        data = payload["data"]
        return data if isinstance(data, list) else [data]
    if accepts == "data_only":
        return None
    if isinstance(payload, list):
        return payload
    return [payload] if payload else []
