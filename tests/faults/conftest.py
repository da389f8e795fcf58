"""Worlds and workers of the fault tests. Their tests commit; what they leave goes at the end."""

import itertools
import re

import pytest
from django.db import connection

from tests.faults.invariants import check_all
from tests.faults.world import World, Zygote, empty

_numbers = itertools.count(1)


@pytest.fixture(scope="package", name="transactional_db")
def committing(django_db_setup, django_db_blocker):
    """Under the name of pytest-django's own, as in tests.live: nothing is emptied between tests."""
    with django_db_blocker.unblock():
        yield
        empty()
        connection.close()


@pytest.fixture(scope="package")
def zygote(transactional_db, tmp_path_factory):
    made = Zygote(tmp_path_factory.mktemp("workers"))
    yield made
    made.close()


@pytest.fixture
def make_world(request, zygote):
    """Make a world; it is checked by `world.check()` and gone after the test."""
    made = []

    def make(**options):
        name = re.sub(r"\W+", "-", request.node.name)[-24:].strip("-")
        world = World(zygote, f"{name}-{next(_numbers)}", **options)
        world.check = lambda **allowed: check_all(world, **allowed)
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world):
    return make_world()
