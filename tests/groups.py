"""Tests that must not run side by side: they share a browser, ports or a folder.

pytest-xdist writes the group of a test into its name, which pytest 9 does not let it change any
more: `xdist_group` is passed over without a word. So the groups stand here, by path.
"""

from xdist.scheduler import LoadScopeScheduling

OPS = "tests/integration/ops/"
GROUPS = {
    "tests/e2e/": "browser",  # one browser, in one process
    f"{OPS}test_bootstrap.py": "bootstrap",
    f"{OPS}test_embedded.py": "embedded",
    f"{OPS}test_supervisor.py": "supervisor",
    f"{OPS}test_other_users.py": "up",
    f"{OPS}test_test_command.py": "up",
    f"{OPS}test_up.py": "up",
    f"{OPS}test_up_under_fire.py": "up",
    f"{OPS}test_worker_command.py": "up",
}


def group_of(nodeid: str) -> str:
    """The group of a test, or "" where it may run beside any other."""
    return next((group for path, group in GROUPS.items() if nodeid.startswith(path)), "")


class ByGroup(LoadScopeScheduling):
    """A group goes to one process; the largest begin first, so that they do not end last."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or nodeid
