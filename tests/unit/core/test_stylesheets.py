"""Templates use only classes that a stylesheet or a script knows; both keep their size."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")
COMMENT = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
# Names that say what a thing is and draw nothing.
KNOWN = {
    "bulk-file", "bulk-run", "bulk-says", "column-list", "density", "filter-panel", "progress-line",
    "sync-job", "sync-state", "tl-text", "view-list", "view-name",
}  # fmt: skip


def of_stylesheets() -> set[str]:
    sheets = [*ROOT.glob("static/css/*.css"), *ROOT.glob("static/vendor/**/*.css")]
    return {name for sheet in sheets for name in CLASS.findall(sheet.read_text(encoding="utf-8"))}


def of_scripts() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("static/js/*.js"))


def is_elsewhere(path: Path) -> bool:
    """Django's admin brings its own stylesheets; in mail only inline styles work."""
    return bool({"admin", "mail"} & set(path.parts))


def in_templates() -> dict[str, set[str]]:
    """Class → the templates that use it; what template tags put together is left out."""
    used: dict[str, set[str]] = {}
    for path in ROOT.glob("templates/**/*.html"):
        if is_elsewhere(path):
            continue
        source = COMMENT.sub("", path.read_text(encoding="utf-8"))
        for value in re.findall(r'\bclass="([^"]*)"', source):
            text = re.sub(
                r"\S*\{\{.*?\}\}\S*", " ", value
            )  # tone-{{ tone }} is known when it is drawn
            text = re.sub(r"[\w-]+-\{% if.*?endif %\}|\{%.*?%\}", " ", text)
            for name in text.split():
                used.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    return used


def test_every_class_is_known():
    known, scripts = of_stylesheets() | KNOWN, of_scripts()
    unknown = {
        name: sorted(files)
        for name, files in in_templates().items()
        if name not in known and f".{name}" not in scripts
    }
    assert not unknown, (
        "in no stylesheet: a typing mistake, or a family scripts/trim_css.py leaves out"
    )


def test_the_test_sees_classes():
    used = in_templates()
    assert {"panel", "btn-primary", "table", "side"} <= used.keys()
    assert "no-such-class" not in of_stylesheets()


def test_our_stylesheet_stays_small():
    assert len((ROOT / "static/css/magflow.css").read_text().splitlines()) <= 400


def test_scripts_stay_small():
    long = {
        path.name: lines
        for path in ROOT.glob("static/js/*.js")
        if (lines := len(path.read_text().splitlines())) > 100
    }
    assert not long


def test_nothing_inline():
    """The Content-Security-Policy would refuse it in silence."""
    for path in filter(lambda path: not is_elsewhere(path), ROOT.glob("templates/**/*.html")):
        source = COMMENT.sub("", path.read_text(encoding="utf-8"))
        assert not re.search(r"\sstyle=|<style\b|\son[a-z]+=|javascript:", source), path
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source)), path


def test_nothing_from_elsewhere():
    for path in [*ROOT.glob("static/css/*.css"), *ROOT.glob("static/vendor/**/*.css")]:
        outside = re.findall(r"url\((?![\"']?(?:data:|#))([^)]{0,60})|@import", path.read_text())
        assert not outside, path
