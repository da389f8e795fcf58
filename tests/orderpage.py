"""The page of an order as a person has it before them: with what follows by itself."""

from __future__ import annotations

from typing import Any


def order_page(client: Any, order: Any, query: str = "") -> str:
    url = order.get_absolute_url()
    page, rest = client.get(f"{url}{query}"), client.get(f"{url}rest/{query}")
    assert (page.status_code, rest.status_code) == (200, 200)
    text: str = page.content.decode() + rest.content.decode()
    return text
