"""What the documents point to exists: files, headings, tests, the licence."""

import ast
import hashlib
import re

import pytest

from magflow.environment import BASE_DIR

DOCUMENTS = sorted([*BASE_DIR.glob("*.md"), *BASE_DIR.glob("docs/**/*.md")])
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.S)


def name(path):
    return str(path.relative_to(BASE_DIR))


def functions_of(path):
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def anchors(path):
    """The headings as a reader's browser addresses them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_leads_somewhere(document):
    for target in LINK.findall(CODE.sub("", document.read_text())):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        found = (document.parent / path) if path else document
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


def test_every_test_that_is_named_exists():
    named = [found for d in DOCUMENTS for found in TEST_NAME.findall(d.read_text())]
    assert len(named) > 80
    known = {path: functions_of(BASE_DIR / path) for path in {path for path, _test in named}}
    assert not [f"{path}::{test}" for path, test in named if test not in known[path]]


def test_every_requirement_has_an_answer():
    table = (BASE_DIR / "docs" / "security.md").read_text()
    rows = re.findall(r"^\| ([\d.,– ]+) \| (.+) \| (.*) \|$", table, re.M)
    assert len(rows) > 80
    assert all(promise.strip() and kept.strip() for _number, promise, kept in rows)


def test_the_licence_is_the_agpl_to_the_letter():
    """SHA-256 of https://www.gnu.org/licenses/agpl-3.0.txt."""
    digest = hashlib.sha256((BASE_DIR / "LICENSE").read_bytes()).hexdigest()
    assert digest == "8486a10c4393cee1c25392769ddd3b2d6c242d6ec7928e1414efff7dfb2f07ef"
