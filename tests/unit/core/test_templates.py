"""Rules for the templates that a reader would not miss until a click is lost."""

import re

import pytest
from django.conf import settings

TAG = re.compile(r"<\w+\s(?:[^<>{]|{{.*?}}|{%.*?%}|{(?![{%]))*>", re.DOTALL)
FILES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_region_that_reads_itself_again_keeps_its_queue_to_itself(path):
    """Whatever is pressed inside would inherit hx-sync: the next hint would call it off."""
    for tag in TAG.findall(path.read_text()):
        if "live:" in tag and "hx-sync=" in tag:
            assert re.search(r'hx-disinherit="(\*|[^"]*hx-sync)', tag), tag


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_keeps_a_pace_says_by_which_topics_and_is_found_again(path):
    """static/js/fresh.js looks for it by its id, since an answer may have replaced it meanwhile."""
    for tag in TAG.findall(path.read_text()):
        if "data-pace=" in tag or 'hx-trigger="told' in tag:
            assert all(f" {name}=" in tag for name in ("id", "data-live", "data-pace")), tag


def test_the_rule_is_looked_for_in_what_the_templates_hold():
    tags = [tag for path in FILES for tag in TAG.findall(path.read_text())]
    assert sum("live:" in tag and "hx-sync=" in tag for tag in tags) > 5
    assert sum("data-pace=" in tag for tag in tags) > 3
