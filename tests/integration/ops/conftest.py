import itertools

import pytest

from tests.checkout import Checkout

counter = itertools.count()


@pytest.fixture
def new_checkout(tmp_path):
    """Makes bare checkouts; whatever runs in them is ended and removed with the test."""
    made = []

    def make(name="magflow"):
        made.append(Checkout(tmp_path / f"{next(counter)}" / name))
        return made[-1]

    yield make
    for checkout in made:
        checkout.remove()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """One checkout for the tests of a module that leave it as they find it: set up, not running."""
    made = Checkout(tmp_path_factory.mktemp("checkout") / "magflow")
    yield made
    made.remove()
