"""A process that works the outbox: `python -m tests.outbox_worker WHAT LANE FOLDER`.

`claim` takes rows until none is left and prints which; `drain` empties the lane as a worker does.
What its handlers do at the "other side" is a line in FOLDER/effects, written by one append.
"""

import json
import os
import sys
from pathlib import Path


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from outbox import dispatch, registry
    from outbox.dispatch import claiming
    from outbox.models import Lane
    from outbox.registry import Done, Verdict
    from tests.bazaar import EXECUTOR, Buy, Publish

    what, lane_pk, folder = sys.argv[1:4]
    effects = Path(folder, "effects")

    def act(intent, account):
        with effects.open("a") as file:
            file.write(f"{intent.spec.kind} {intent.thing_id}\n")
        return Done()

    def was_done(intent, account):
        lines = effects.read_text().splitlines() if effects.exists() else []
        found = f"{intent.spec.kind} {intent.thing_id}" in lines
        return Verdict.DONE if found else Verdict.NOT_DONE

    registry.handles(EXECUTOR, Buy, reconcile=was_done)(act)
    registry.handles(EXECUTOR, Publish)(act)

    if what == "claim":
        lane, mine = Lane.objects.get(pk=lane_pk), []
        print("ready", flush=True)
        sys.stdin.readline()
        while work := claiming.next_work(lane):
            mine += [command.pk for command in work.commands]
        print(json.dumps(mine), flush=True)
    else:
        report = dispatch.drain(int(lane_pk))
        print(json.dumps([report.sent, report.found_dead, report.is_busy]), flush=True)


if __name__ == "__main__":
    main()
