"""The one way out: HTTP to other systems, with an end to every wait and every failure named.

    anaf = Remote("anaf", "https://api.anaf.ro")
    reply = anaf.call("GET", "/prod/FCTEL/rest/stareMesaj", params={"id_incarcare": "5"})
    reply.json()

What comes out of call() is a Reply or a RemoteError, nothing else. Which one it is decides whether
the work may be repeated, so it is settled here, by what is known for sure: as long as no byte of a
request went out, nothing was executed; once one did and no usable answer came, it may have been.
"""

from core.http.remote import Exchange, Remote, Reply
from core.http.wire import is_public

__all__ = ["Exchange", "Remote", "Reply", "is_public"]
