"""A process that calls eMAG for an account: `-m tests.emag_caller ACCOUNT METHOD SECONDS THREADS`.

Prints how many calls it made and how many eMAG refused because there were too many.
"""

import json
import os
import sys
import threading
import time
from collections import Counter


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connection

    from accounts.models import MarketplaceAccount
    from core.ratelimit import RateLimited
    from emag.client import client_for, errors

    pk, method, seconds, threads = sys.argv[1:5]
    client = client_for(MarketplaceAccount.objects.get(pk=pk))
    end = time.monotonic() + float(seconds)
    counted: Counter[str] = Counter()

    def call() -> None:
        while (left := end - time.monotonic()) > 0:
            client.patience = left
            try:
                getattr(client, method)()
            except errors.TooManyCalls:
                counted["refused"] += 1
            except RateLimited:
                break
            else:
                counted["made"] += 1
        connection.close()

    workers = [threading.Thread(target=call) for _ in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(json.dumps(counted))


if __name__ == "__main__":
    main()
