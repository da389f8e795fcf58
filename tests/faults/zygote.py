"""The parent of the workers that fault tests kill: `python -m tests.faults.zygote FOLDER`.

It has the application loaded and no connection, and forks a worker for each task that it reads, so
that a real process with a death of its own costs some milliseconds and not two seconds. Tasks come
as lines of JSON, answers go out the same way: {"start": {…}} → {"pid": 7}, {"poll": 7} →
{"code": null | number, negative for a signal}.
"""

import json
import os
import sys
import traceback
from pathlib import Path


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connections

    from tests.faults import acting, mutants  # noqa: F401 - what workers need is loaded once

    connections.close_all()
    folder = Path(sys.argv[1])
    say({"ready": os.getpid()})
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            say({"pid": fork(order["start"], folder)})
        else:
            say({"code": end_of(order["poll"])})


def say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def fork(task: dict[str, object], folder: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()  # whoever kills it can take all its children along
        log = os.open(folder / f"{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        from tests.faults import acting

        acting.act(task, folder)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def end_of(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


if __name__ == "__main__":
    main()
