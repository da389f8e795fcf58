"""A process that makes calls through a gate: `-m tests.gate_caller NAME LIMITS SECONDS THREADS`.

Prints when each call went out, on the clock that all processes of a host share.
"""

import json
import os
import sys
import threading
import time


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connection

    from core.ratelimit import Gate, Limits, RateLimited

    name, limits, seconds, threads = sys.argv[1:5]
    gate = Gate(name, Limits(**json.loads(limits)))
    end = time.monotonic() + float(seconds)
    calls: list[float] = []

    def call() -> None:
        while (left := end - time.monotonic()) > 0:
            try:
                gate.wait(patience=left)
            except RateLimited:
                time.sleep(0.01)
            else:
                calls.append(time.monotonic())
        connection.close()

    workers = [threading.Thread(target=call) for _ in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(json.dumps(calls))


if __name__ == "__main__":
    main()
