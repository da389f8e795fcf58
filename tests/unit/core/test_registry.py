"""The slots refuse what is there twice, keep their order, and show only what a person may see."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from core import registry
from core.registry import Command, DuplicateRegistration, Level, NavItem, Panel, Probe, Shortcut


class Somebody:
    """A person who holds these permissions."""

    pk = 1

    def __init__(self, *permissions):
        self.permissions = permissions

    def has_perm(self, perm, obj=None):
        return perm in self.permissions


@pytest.fixture(autouse=True)
def _empty(monkeypatch):
    for name, value in {
        "_nav": {}, "_panels": {}, "_actions": {}, "_probes": {}, "_verbs": {}, "_searches": [],
        "_commands": {}, "_shortcuts": {}, "_sections": dict(registry._sections),
    }.items():  # fmt: skip
        monkeypatch.setattr(registry, name, value)


class TestNav:
    def test_it_works(self):
        registry.register_nav(NavItem("Second", "home", "a:second", order=20))
        registry.register_nav(NavItem("First", "home", "a:first", order=10))
        registry.register_nav(NavItem("Jobs", "home", "a:jobs", section="control"))
        sections = [(s.name, [i.label for i in items]) for s, items in registry.nav_for(Somebody())]
        assert sections == [("", ["First", "Second"]), ("control", ["Jobs"])]

    def test_only_what_one_may(self):
        registry.register_nav(NavItem("Audit", "home", "a:audit", "core.view_auditentry"))
        assert registry.nav_for(Somebody()) == []
        assert registry.nav_for(Somebody("core.view_auditentry"))

    def test_twice_is_refused(self):
        registry.register_nav(NavItem("Home", "home", "a:home", key="h"))
        with pytest.raises(DuplicateRegistration, match="a:home"):
            registry.register_nav(NavItem("Home again", "home", "a:home"))
        with pytest.raises(DuplicateRegistration, match="'h'"):
            registry.register_nav(NavItem("Help", "home", "a:help", key="h"))

    def test_an_unknown_section_is_a_mistake(self):
        registry.register_nav(NavItem("Home", "home", "a:home", section="nowhere"))
        with pytest.raises(ImproperlyConfigured, match="nowhere"):
            registry.nav_for(Somebody())


class TestPanels:
    def test_it_works(self):
        registry.register_panel(Panel("p", "b", "B", "", "b.html", order=2))
        registry.register_panel(Panel("p", "a", "A", "", "a.html", order=1))
        registry.register_panel(Panel("other", "a", "A", "", "a.html"))
        assert [panel.id for panel in registry.panels_for("p", Somebody())] == ["a", "b"]

    def test_by_area_and_permission(self):
        registry.register_panel(Panel("p", "a", "A", "x.secret", "a.html"))
        registry.register_panel(Panel("p", "b", "B", "", "b.html", area="side"))
        assert [p.id for p in registry.panels_for("p", Somebody(), "side")] == ["b"]
        assert [p.id for p in registry.panels_for("p", Somebody("x.secret"), "main")] == ["a"]
        assert registry.panels_for("p", Somebody(), "main") == []

    def test_twice_is_refused(self):
        registry.register_panel(Panel("p", "a", "A", "", "a.html"))
        with pytest.raises(DuplicateRegistration):
            registry.register_panel(Panel("p", "a", "Again", "", "a.html"))

    def test_a_panel_that_rereads_itself_names_its_model(self):
        with pytest.raises(ImproperlyConfigured, match="model"):
            Panel("p", "a", "A", "", "a.html", lazy=True)


class TestProbes:
    def test_the_worst_comes_first(self):
        for level in (Level.OK, Level.BAD, Level.WARN):
            registry.register_probe(level, lambda level=level: Probe(level, level, level))
        assert [probe.level for probe in registry.run_probes()] == ["bad", "warn", "ok"]

    def test_a_broken_probe_is_bad_news_itself(self):
        def broken():
            raise ConnectionError("no answer")

        registry.register_probe("worker", broken)
        (probe,) = registry.run_probes()
        assert (probe.name, probe.level, probe.message) == ("worker", "bad", "no answer")
        assert probe.since is not None

    def test_twice_is_refused(self):
        registry.register_probe("worker", lambda: Probe("worker", "Worker"))
        with pytest.raises(DuplicateRegistration):
            registry.register_probe("worker", lambda: Probe("worker", "Worker"))


class TestTheRest:
    def test_verbs(self):
        registry.register_verbs({"person.invited": "Person invited"})
        assert registry.verb_label("person.invited") == "Person invited"
        assert registry.verb_label("order.put_on_hold") == "Order put on hold"
        with pytest.raises(DuplicateRegistration):
            registry.register_verbs({"person.invited": "Person asked in"})

    def test_commands(self):
        registry.register_command(Command("a", "A", "a:a", permission="x.y"))
        assert registry.commands_for(Somebody()) == []
        assert [c.name for c in registry.commands_for(Somebody("x.y"))] == ["a"]
        with pytest.raises(DuplicateRegistration):
            registry.register_command(Command("a", "B", "a:b"))

    def test_shortcuts(self):
        registry.register_shortcut(Shortcut("Ctrl+S", "Save", "In a form", 2))
        registry.register_shortcut(Shortcut("g p", "People", "Go to", 1))
        assert [s.parts for s in registry.shortcuts()] == [["g", "p"], ["Ctrl", "S"]]
        with pytest.raises(DuplicateRegistration):
            registry.register_shortcut(Shortcut("Ctrl+S", "Send", "In a form"))

    def test_searches(self):
        def search(user, text):
            return []

        registry.register_search(search)
        with pytest.raises(DuplicateRegistration):
            registry.register_search(search)
