import pytest

from accounts import platforms
from accounts.choices import Country, Fulfilment
from core.jobs import Run
from core.models import JobRun


def work(job, *args):
    """Do what the worker would do when this job is asked for."""
    job(Run(JobRun(name="test")), *args)


class Bazaar:
    """A marketplace of the tests, with words of its own for who ships."""

    slug = "bazaar"
    label = "Bazaar"
    countries = (Country.ROMANIA, Country.BULGARIA)
    fulfilments = {Fulfilment.OWN: "BAZ", Fulfilment.MARKETPLACE: "BAZ+"}
    order_limits = platforms.OrderLimits()

    def connect_url(self, account_id):
        return f"/bazaar/{account_id}/"

    def supports(self, intent):
        return False


@pytest.fixture
def bazaar(monkeypatch):
    monkeypatch.setattr(platforms, "_platforms", dict(platforms._platforms))
    platforms.register(Bazaar())
