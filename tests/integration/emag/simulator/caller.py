"""A plain caller of the simulator, that shares no code with the product's own client."""

import base64
import http.client
import json
from typing import Any, NamedTuple


class Answered(NamedTuple):
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def results(self) -> Any:
        return self.json["results"]

    @property
    def messages(self) -> Any:
        return self.json["messages"]


class Caller:
    def __init__(self, sim, account, timeout=10.0):
        self.sim, self.account = sim, account
        self.timeout = timeout
        self.connection = None

    def call(self, path, body=None, *, method="POST", headers=None, password=None, root=False):
        """One call on a kept connection; a broken one is opened anew the next time."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.sim.port, timeout=self.timeout
            )
        secret = f"{self.account.username}:{password or self.account.password}"
        sent = {
            "Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}",
            "Content-Type": "application/json",
            **(headers or {}),
        }
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        prefix = f"/{self.account.platform}" + ("" if root else "/api-3")
        try:
            self.connection.request(method, f"{prefix}/{path}", body, sent)
            reply = self.connection.getresponse()
            return Answered(reply.status, reply.headers, reply.read())
        except Exception:
            self.connection.close()
            self.connection = None
            raise

    def read(self, **filters):
        return self.call("order/read", filters)

    def order(self, id):
        return self.read(id=id, type=self.account.order_type).results[0]

    def save(self, order, **changes):
        """Send an order back as it was read, with changes."""
        return self.call("order/save", {"data": [{**order, **changes}]})
