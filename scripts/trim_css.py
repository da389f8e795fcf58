"""Prints Tabler's stylesheet without the component families MagFlow does not use.

A selector goes when it names a class of a family below; a rule goes when all its selectors go.
What stays is untouched, so the result can only lack things, never differ. A test
(tests/unit/core/test_stylesheets.py) finds a class in a template that no stylesheet knows:
take its family off the list and run scripts/vendor.sh again.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

# A name matches whole ("steps") or, with a star, by its beginning ("carousel*").
FAMILIES = """
accordion* apexcharts* avatar-brand* avatar-cover avatar-list* breadcrumb* bs-* btn-animate* btn-
azure btn-bitbucket btn-blue btn-cyan btn-dribbble btn-facebook btn-flickr btn-floating btn-github
btn-google btn-green btn-group* btn-indigo btn-instagram btn-lime btn-linkedin btn-orange btn-pink
btn-pinterest btn-purple btn-red btn-rss btn-tabler btn-teal btn-toolbar btn-twitter btn-vimeo
btn-vk btn-x btn-yellow btn-youtube calendar* captcha* card-img* card-link* card-rotate* card-
stamp* card-status* card-tabs* carousel* chart* chat* col-* color-input* columns-* container*
cursor-* datagrid* demo-* dimmer* display-* divide-* dropend* dropstart* dropup* dropzone* figure*
fixed-* flag* flatpickr* float-* focus-ring* form-colorinput* form-file* form-floating* form-
imagecheck* form-label-description form-range* form-selectgroup* fs-* fullcalendar* g-* gallery*
gradient* gx-* gy-* hide-theme* highlight* hover-* icon-link* img-* inline-player* input-group-
flat input-group-link jsvectormap* jvm* kanban* layout-* lc-* leaflet* legend* lightbox* link-*
list-separated* list-timeline* litepicker* loader* map* markdown* mention* modal* nav-bordered
nav-pills* nav-segmented* nav-tabs* nav-underline* nav-vertical navbar* noUi* object-fit*
offcanvas* offset-* opacity-* order-* otp* page page-* pagination* payment* placeholder* plyr*
popover* pricing* progressbg* prose* ratio* ribbon* rounded-* row row-* scroll* settings* shape*
signal* signature* social* sortable* space-x* space-y* sparkline* spinner-grow* star-rating*
status-indicator* step step-* steps* sticky-* strength* stretched-link subheader* switch-icon* tag
tag-* theme-* timeline* toast* tom-* toolbar* tooltip* tox* tracking* trending* ts-* ui-* vc*
video* w-auto-* widget* wizard*
""".split()
# Attributes that mark parts of widgets we do not have.
ATTRIBUTES = ("[data-vc",)
# Colours and breakpoints multiply every utility; meaning has five colours, layout our own rules.
COLOURS = """
indigo purple pink lime teal cyan facebook twitter linkedin google youtube vimeo dribbble github
instagram pinterest vk rss flickr bitbucket tabler x muted light dark black white gray azure
""".split()
COLOURED = re.compile(
    r"^(?:bg|text|border|badge|status|btn|btn-outline|btn-ghost|alert|table|list-group-item|card"
    rf"|progress)-(?:{'|'.join(COLOURS)})(?:-|$)"
)
BREAKPOINT = re.compile(r"-(?:sm|md|lg|xl|xxl)(?:-|$)")
KEPT = """
btn-sm btn-lg form-control-sm form-control-lg form-select-sm icon-sm icon-lg avatar-sm avatar-xs
avatar-md avatar-lg badge-sm progress-sm input-group-sm table-sm spinner-border-sm list-group-item
btn-dark btn-light text-white
""".split()
EXACT = {name for name in FAMILIES if not name.endswith("*")}
BEGINNINGS = tuple(name[:-1] for name in FAMILIES if name.endswith("*"))
CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")


def is_dropped(name: str) -> bool:
    if name in KEPT:
        return False
    return (
        name in EXACT
        or name.startswith(BEGINNINGS)
        or bool(BREAKPOINT.search(name))
        or bool(COLOURED.match(name))
    )


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """(prelude, body) of each block of one level; a statement without a block has body ''."""
    depth, start, head = 0, 0, ""
    for match in re.finditer(r"[{};]|/\*.*?\*/|\"[^\"]*\"|'[^']*'", css, re.DOTALL):
        mark = match.group()
        if mark == "{":
            if depth == 0:
                head, start = css[start : match.start()], match.end()
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0:
                yield head, css[start : match.start()]
                start = match.end()
        elif mark == ";" and depth == 0:
            yield css[start : match.end()], ""
            start = match.end()


def split_selectors(prelude: str) -> list[str]:
    """Splits at commas outside brackets: `a:is(b,c),d` → two selectors."""
    parts, depth, last = [], 0, 0
    for index, char in enumerate(prelude):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            parts.append(prelude[last:index])
            last = index + 1
    return [*parts, prelude[last:]]


def trim(css: str) -> str:
    out = []
    for prelude, body in blocks(css):
        head = prelude.strip()
        if not body:
            out.append(head if head.endswith(";") else "")
        elif head.startswith(("@media", "@supports", "@layer", "@container")):
            inner = trim(body)
            out.append(f"{head}{{{inner}}}" if inner else "")
        elif head.startswith("@"):
            out.append(f"{head}{{{body}}}")
        else:
            # Only what is outside :not(…) decides: `.btn:not(.navbar-x)` is about buttons.
            kept = [
                selector
                for selector in split_selectors(prelude)
                if not any(map(is_dropped, CLASS.findall(re.sub(r":not\([^)]*\)", "", selector))))
                and not any(name in selector for name in ATTRIBUTES)
            ]
            if kept:
                out.append(f"{','.join(kept)}{{{body}}}")
    return "".join(out)


if __name__ == "__main__":
    source = Path(sys.argv[1]).read_text(encoding="utf-8").removeprefix('@charset "UTF-8";')
    licence, _, rules = source.partition("*/")
    rules = re.sub(r"/\*.*?\*/", "", rules, flags=re.DOTALL)
    sys.stdout.write(f'@charset "UTF-8";{licence}*/\n{trim(rules)}\n')
