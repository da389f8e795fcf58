"""The rules of docs/architecture.md that a program can check.

Some have a test of their own: layers and imports (import-linter, in pyproject.toml), permissions of
every view (tests/integration/test_permissions.py), scripts and styles (tests/unit/core/
test_stylesheets.py).
"""

import ast
import inspect
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import reverse

from core import jobs, live
from core.jobs import specs
from core.registry import verbs
from tests.urlwalk import routes

ROOT = Path(__file__).resolve().parents[1]
APPS = [config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT]
OURS = [*APPS, "magflow"]


def modules(*folders):
    """Our Python files, without migrations, as (path from the root, syntax tree)."""
    for folder in folders or OURS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree, *names):
    """Calls of a function or method of one of these names: `record(…)` and `audit.record(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in names:
                yield node


def first_text(call):
    """The first argument, where it is written out."""
    if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
        return call.args[0].value
    return None


def test_it_works():
    assert {"core", "accounts", "ops"} <= set(APPS)
    assert len(list(modules())) > 50


# --- Sizes ------------------------------------------------------------------------------------


def test_modules_stay_readable():
    long = {
        str(path): lines
        for path, _ in modules()
        if (lines := len((ROOT / path).read_text().splitlines())) > 600
    }
    assert not long


def test_functions_stay_readable():
    long = {
        f"{path}:{node.name}": node.end_lineno - node.lineno + 1
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= 60
    }
    assert not long


def test_templates_stay_readable():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in ROOT.glob("templates/**/*.html")
        if (lines := len(path.read_text().splitlines())) > 150
    }
    assert not long


# --- Pages ------------------------------------------------------------------------------------


def our_views():
    """(route, the function behind it) for the addresses of our apps; not the admin, not allauth."""
    for route in routes():
        view = inspect.unwrap(route.view)
        if not route.is_admin and view.__module__.partition(".")[0] in OURS:
            yield route, view


def test_views_are_functions_called_like_their_url():
    different = {
        route.name: view.__name__
        for route, view in our_views()
        if ":" in route.name and route.name.partition(":")[2] != view.__name__
    }
    assert not different
    assert all(inspect.isfunction(view) for _, view in our_views())


def test_an_address_belongs_to_the_app_of_its_view():
    strangers = {
        route.name: view.__module__
        for route, view in our_views()
        if ":" in route.name and not view.__module__.startswith(route.name.partition(":")[0] + ".")
    }
    assert not strangers


FRAMES = {"base.html", "base_anonymous.html", "components/alone.html", "shell.frame"}
# Whole pages that stand on no other template, and what is not HTML of ours.
WHOLE = {"base.html", "base_anonymous.html", "components/alone.html", "offline.html"}
NOT_PAGES = ("admin/", "account/email/", "mail/", "django/", "allauth/", "account/", "mfa/")


def test_fragments_start_with_an_underscore():
    """A file in an app's folder is a page, which extends a frame, or says that it is a part."""
    wrong = [
        name
        for path in ROOT.glob("templates/**/*.html")
        if not (name := path.relative_to(ROOT / "templates").as_posix()).startswith(NOT_PAGES)
        and not name.startswith("components/")
        and name not in WHOLE
        and not is_named_rightly(path)
    ]
    assert not wrong


def is_named_rightly(path):
    """A part may stand on another part (a dialog on its frame), never on a page's frame."""
    extended = re.search(r"""{% extends ["']?([^"' ]+)["']? %}""", path.read_text())
    if path.name.startswith("_"):
        return not extended or extended[1] not in FRAMES
    return bool(extended)


def test_every_list_page_pins_its_queries():
    """A test that calls the page of each table_page() and counts."""
    pinned = "".join(
        text
        for path in (ROOT / "tests").rglob("test_*.py")
        if "num_queries" in (text := path.read_text(encoding="utf-8"))
    )
    pages = {
        keyword.value.value
        for _, tree in modules(*APPS)
        for call in calls(tree, "table_page")
        for keyword in call.keywords
        if keyword.arg == "page"
    }
    assert pages >= {"ops.audit_list", "ops.job_run_list", "accounts.person_list"}
    missing = {page for page in pages if f'"{reverse(page.replace(".", ":"))}"' not in pinned}
    assert not missing


# --- Money ------------------------------------------------------------------------------------

MONEY = re.compile(
    r"(^|/)(money|rates|totals|margin|landed|pricing|rounding|vat)\.py$|^(orders|invoicing)/"
)


def test_no_float_near_money():
    found = []
    for path, tree in modules():
        if MONEY.search(path.as_posix()):
            found += [
                f"{path}:{node.lineno}"
                for node in ast.walk(tree)
                if (isinstance(node, ast.Name) and node.id == "float")
                or (isinstance(node, ast.Constant) and isinstance(node.value, float))
            ]
    assert not found


def test_money_columns_are_exact():
    floats = [
        str(field)
        for model in apps.get_models()
        if model._meta.app_label in APPS
        for field in model._meta.local_fields
        if field.get_internal_type() == "FloatField"
    ]
    assert not floats


# --- Words and ways ---------------------------------------------------------------------------

ADAPTERS = {"emag", "magflow"}
WORDS_OF_EMAG = re.compile(r"emag|genius|easybox|part_number_key|currentpage", re.I)


def names_in(tree):
    """What the code itself is written with: names, attributes, arguments, keywords."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.value.lineno, name


def test_no_word_of_a_marketplace_below_its_adapter():
    leaked = [
        f"{path}:{line} {name}"
        for path, tree in modules(*(app for app in APPS if app not in ADAPTERS))
        for line, name in names_in(tree)
        if WORDS_OF_EMAG.search(name)
    ]
    assert not leaked


def test_only_one_way_out():
    """requests, and what one could use in its place, only in core.http."""
    forbidden = {"requests", "urllib3", "httpx", "aiohttp", "http.client", "urllib.request"}
    # The supervisor asks its own web server whether it is up, before Django is there.
    # The simulator stands for the other side and shares nothing with us.
    allowed = {"ops/launch.py", "ops/supervisor.py", "ops/warden.py", "magflow/bootstrap.py"}
    allowed |= {"emag/simulator/outgoing.py"}
    found = []
    for path, tree in modules():
        if path.parts[:2] == ("core", "http") or path.as_posix() in allowed:
            continue
        for node in ast.walk(tree):
            imported = set()
            if isinstance(node, ast.Import):
                imported = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            if imported & forbidden:
                found.append(f"{path}:{node.lineno}")
    assert not found


# Where any error may be caught: those who run what others wrote, and must outlive it.
RUNNERS = {
    "core/bulk_worker.py": "rows of a bulk run: one that fails must not stop the others",
    "core/error_views.py": "the error page itself may be what is broken",
    "core/http/remote.py": "the call log: what was executed stays executed",
    "core/jobs/runner.py": "jobs",
    "core/live/hub.py": "the websocket's relay: pages must not believe they are live",
    "core/live/sessions.py": "whatever it is, those who wait have to learn of it",
    "core/palette.py": "search providers",
    "core/registry.py": "health probes",
    "core/streaming.py": "a download that breaks off must look broken",
    "core/templatetags/magflow.py": "panels",
    "emag/client/log.py": "the call log: what was done at eMAG stays done",
    "emag/pulls/paging.py": "threads: what went wrong is told to the one that waits",
    "emag/pulls/storing.py": "a payload that trips us must not stop the others of its page",
    "emag/simulator/events.py": "one event that fails must not stop the simulated world",
    "emag/simulator/pipeline.py": "a broken route must not stop the simulated marketplace",
    "outbox/dispatch/carrying.py": "handlers",
    "outbox/dispatch/recording.py": "what was done elsewhere has to be kept, whatever fails here",
    "magflow/bootstrap.py": "cleans up and raises again",
    "magflow/steps.py": "tells which step it was and raises again",
}


def test_nobody_else_catches_everything():
    broad = {"Exception", "BaseException"}
    found = {
        path.as_posix()
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in broad))
    }
    assert found - RUNNERS.keys() == set()


def test_no_reactions_to_saving():
    """Events are sent by services; a save() that does something else is a surprise."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules(*APPS)
        for node in ast.walk(tree)
        if getattr(node, "attr", getattr(node, "id", "")) in {"post_save", "m2m_changed"}
    ]
    assert not found


def test_what_runs_on_commit_is_no_lambda():
    """A lambda over a loop variable would run for the last one, as often as there were any."""
    found = [
        f"{path}:{call.lineno}"
        for path, tree in modules()
        for call in calls(tree, "on_commit")
        if any(isinstance(argument, ast.Lambda) for argument in call.args)
    ]
    assert not found


# --- Registries -------------------------------------------------------------------------------


def test_every_verb_of_the_audit_trail_has_words():
    recorded = {
        text
        for _, tree in modules(*APPS)
        for call in calls(tree, "record", "entry")
        if (text := first_text(call)) and re.fullmatch(r"[a-z_]+\.[a-z_]+", text)
    }
    assert len(recorded) > 10
    assert recorded - verbs().keys() == set()


def test_every_live_topic_is_registered():
    touched = {
        text
        for _, tree in modules(*APPS)
        for call in calls(tree, "touch")
        if (text := first_text(call))
    }
    assert touched >= {"audit", "jobs"}
    assert touched - live.known_topics().keys() == set()


OUR_JOBS = [spec for spec in jobs.all_jobs() if not spec.name.startswith("tests.")]


@pytest.mark.parametrize("spec", OUR_JOBS, ids=lambda spec: spec.name)
def test_every_job_has_an_owner_and_something_that_starts_it(spec):
    app, _, name = spec.name.partition(".")
    assert app in APPS
    assert str(spec.title) != spec.name
    assert not (spec.hidden and spec.manual), "plumbing has no button"
    if not spec.is_scheduled:
        uses = sum(len(re.findall(rf"\b{name}\b", (ROOT / p).read_text())) for p, _ in modules())
        assert uses >= 2, "no schedule, and nobody enqueues it"
    if spec.per:
        assert spec.per in specs._scopes


def test_every_model_says_what_a_row_is():
    silent = [
        model.__name__
        for model in apps.get_models()
        if model._meta.app_label in APPS
        and (model.__doc__ or "").startswith(f"{model.__name__}(")  # Django's own, made from fields
    ]
    assert not silent


def test_the_version_is_said_once():
    from magflow import __version__

    declared = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.M)
    assert declared[1] == __version__
