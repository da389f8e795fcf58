"""What must not run side by side goes to one process."""

from magflow.environment import BASE_DIR
from tests.groups import GROUPS, group_of


def test_it_works():
    assert group_of("tests/e2e/test_bulk.py::test_it_works[chromium]") == "browser"
    assert group_of("tests/integration/ops/test_up.py::test_it_works") == "up"
    assert group_of("tests/unit/core/test_money.py::test_it_works") == ""


def test_the_run_keeps_to_it(pytestconfig):
    """A scheduler of our own, since the marker of pytest-xdist is passed over."""
    assert any(hasattr(one, "pytest_xdist_make_scheduler") for one in _conftests(pytestconfig))


def _conftests(config):
    return [plugin for plugin in config.pluginmanager.get_plugins() if _is_conftest(plugin)]


def _is_conftest(plugin):
    return getattr(plugin, "__file__", "") == str(BASE_DIR / "tests" / "conftest.py")


def test_every_path_is_there():
    assert [path for path in GROUPS if not (BASE_DIR / path).exists()] == []
