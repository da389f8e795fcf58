"""Every topic that is touched or followed somewhere in the code is registered."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from core import live

APPS = ("core", "accounts", "ops")
# What templates and list pages follow; {{ … }} is filled by what the pages below name.
FOLLOWED = re.compile(r'data-live="([a-z][\w.-]*)|live:([a-z][\w.-]*)')


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, getattr(node.func, "attr", getattr(node.func, "id", ""))


def python_files():
    return [path for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py")]


def touched_in(path: Path):
    for call, name in calls(ast.parse(path.read_text(encoding="utf-8"))):
        if name == "touch" and call.args and isinstance(call.args[0], ast.Constant):
            yield call.args[0].value
        for word in call.keywords:
            if word.arg in {"live", "topic"} and isinstance(word.value, ast.Constant):
                yield word.value.value


def test_every_topic_in_the_code_is_registered():
    found = {topic for path in python_files() for topic in touched_in(path) if topic}
    assert {"audit", "jobs", "people"} <= found, "the search itself works"
    assert {topic.partition(":")[0] for topic in found} <= set(live.known_topics())


def test_every_topic_in_a_template_is_registered():
    found = set()
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        found |= {a or b for a, b in FOLLOWED.findall(path.read_text(encoding="utf-8"))}
    assert "jobs" in found, "the search itself works"
    assert found - {"resync"} <= set(live.known_topics())


@pytest.mark.parametrize("topic", ["audit", "jobs", "people"])
def test_what_not_everybody_may_read_takes_a_permission(topic):
    assert live.known_topics()[topic]
