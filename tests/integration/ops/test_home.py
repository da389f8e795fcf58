"""The home page says that all is well only while it is."""

import pytest
from django.utils import timezone

from core import registry
from core.registry import Level, Probe

pytestmark = pytest.mark.django_db


@pytest.fixture
def probes(monkeypatch):
    known = {"well": lambda: Probe("well", "Well")}
    monkeypatch.setattr(registry, "_probes", known)
    return known


def test_it_works(viewer_client, probes):
    page = viewer_client.get("/").content.decode()
    assert "All set" in page
    assert "Nothing waits for you" not in page


def test_not_under_a_banner(viewer_client, probes):
    probes["sync"] = lambda: Probe(
        "sync", "Sync", Level.BAD, "eMAG refuses it.", timezone.now(), banner=True
    )
    page = viewer_client.get("/").content.decode()
    assert "All set" not in page
    assert "Nothing waits for you" in page


def test_what_no_banner_says_worries_nobody_here(viewer_client, probes):
    probes["disk"] = lambda: Probe("disk", "Disk", Level.WARN, "Nearly full.")
    assert "All set" in viewer_client.get("/").content.decode()
