"""A simulator that runs as long as a `with` block: in this process, or as one of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emag.simulator import outgoing
from emag.simulator.accounts import Account
from emag.simulator.clock import WIRE_FORMAT, wire
from emag.simulator.engine import Engine
from emag.simulator.operations import perform
from emag.simulator.scenarios import begin
from emag.simulator.switches import canonical
from emag.simulator.world import World

PATIENCE = 20.0  # seconds for a process to come up


class RunningSimulator:
    """`with RunningSimulator(seed=1, scenario="calm", page_over="clamp") as sim: …`

    The very same server as `manage.py emag_simulator`, on free ports of 127.0.0.1. With
    `process=True` it is a process of its own, which can be killed and started again; it then
    needs `data`, the file that survives.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        scenario: str = "calm",
        data: str | Path | None = None,
        port: int = 0,
        control_port: int = 0,
        process: bool = False,
        **switches: Any,
    ) -> None:
        self.seed = seed
        self.scenario = scenario
        self.data = None if data is None else str(data)
        self.port, self.control_port = port, control_port
        self.process = process
        self.switches = switches
        self.engine: Engine | None = None
        self.popen: subprocess.Popen[bytes] | None = None

    # -- life

    def __enter__(self) -> Self:
        self.start()
        if self.switches:
            self.config(**self.switches)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        if self.process:
            self._spawn()
            return
        world = World(self.data, seed=self.seed)
        begin(world, self.scenario)
        self.engine = Engine(world, port=self.port, control_port=self.control_port)
        self.port, self.control_port = self.engine.port, self.engine.control_port
        self.engine.start()

    def stop(self) -> None:
        if self.engine is not None:
            self.engine.stop()
            self.engine = None
        if self.popen is not None:
            self.popen.terminate()
            self.popen.wait(timeout=PATIENCE)
            self.popen = None

    def kill(self) -> None:
        """SIGKILL to the simulator's own process."""
        if self.popen is None:
            raise RuntimeError("Only a simulator with process=True can be killed")
        self.popen.kill()
        self.popen.wait(timeout=PATIENCE)
        self.popen = None

    def restart(self) -> None:
        """Stop and start again, on the same ports, with what the file kept."""
        if self.data is None:
            raise RuntimeError("Only a simulator with data=FILE survives a restart")
        self.stop()
        self.start()

    def _spawn(self) -> None:
        self.port = self.port or free_port()
        self.control_port = self.control_port or free_port()
        command = [
            sys.executable,
            "-m",
            "emag.simulator",
            "--port",
            str(self.port),
            "--control-port",
            str(self.control_port),
        ]
        command += ["--seed", str(self.seed), "--scenario", self.scenario]
        command += ["--data", self.data] if self.data else []
        root = Path(__file__).resolve().parents[2]
        self.popen = subprocess.Popen(  # noqa: S603 - our own module
            command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
        )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.popen.poll() is not None:
                raise RuntimeError(f"The simulator ended at once with {self.popen.returncode}")
            try:
                outgoing.ask(f"{self.control_url}__sim__/op/status", {})
                return
            except outgoing.Unreachable:
                time.sleep(0.05)
        self.kill()
        raise RuntimeError("The simulator did not come up")

    def interrupt(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the process and wait for its end; its exit code."""
        if self.popen is None:
            raise RuntimeError("Only a simulator with process=True takes signals")
        self.popen.send_signal(number)
        code = self.popen.wait(timeout=PATIENCE)
        self.popen = None
        return code

    # -- where it is

    @property
    def world(self) -> World:
        """The world itself; only where the simulator runs in this process."""
        if self.engine is None:
            raise RuntimeError("The simulator runs in another process, or not at all")
        return self.engine.world

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.control_port}/"

    def root(self, platform: str = "ro") -> str:
        """The root of a platform's host, where /api/v1 and /public-ips.json are."""
        return f"http://127.0.0.1:{self.port}/{platform}"

    def url(self, platform: str = "ro") -> str:
        """The base URL of an account on this platform."""
        return f"{self.root(platform)}/api-3"

    # -- commands

    def do(self, name: str, /, **payload: Any) -> Any:
        """One operation of the control plane."""
        if self.engine is not None:
            return perform(self.engine.world, name, payload)
        return outgoing.ask(f"{self.control_url}__sim__/op/{name}", payload)

    def add_account(
        self,
        platform: str = "ro",
        username: str = "main",
        password: str = "secret",  # noqa: S107 - a test's
        kind: str = "fbs",
        **more: Any,
    ) -> Account:
        return Account(
            **self.do(
                "account",
                platform=platform,
                username=username,
                password=password,
                kind=kind,
                **more,
            )
        )

    def inject_orders(self, n: int = 1, account: Account | str = "", **fields: Any) -> list[int]:
        """Place orders; with `lines`, `payment`, `locker`, `over="P3D"`, see operation "order"."""
        if isinstance(fields.get("at"), datetime):
            fields["at"] = wire(fields["at"])
        ids: list[int] = self.do("order", n=n, account=key_of(account), **fields)
        return ids

    def order_event(
        self, id: int, type: str, account: Account | str = "", **fields: Any
    ) -> dict[str, Any]:
        order: dict[str, Any] = self.do(
            "order_event", id=id, type=type, account=key_of(account), **fields
        )
        return order

    def fault(
        self,
        name: str,
        match: Mapping[str, Any] | None = None,
        count: int | None = None,
        probability: float = 1.0,
        **params: Any,
    ) -> int:
        """Add a fault rule; its id."""
        return int(
            self.do(
                "fault", name=name, match=match, count=count, probability=probability, params=params
            )["id"]
        )

    def remove_fault(self, id: int) -> None:
        self.do("remove_fault", id=id)

    def clear_faults(self) -> None:
        self.do("remove_fault")

    def config(
        self, values: Mapping[str, Any] | None = None, *, scope: Account | str = "", **switches: Any
    ) -> dict[str, Any]:
        """Set switches, for all or for a platform or account; what they were before."""
        wanted = {canonical(name): value for name, value in {**(values or {}), **switches}.items()}
        before: dict[str, Any] = self.do("config", values=wanted, scope=key_of(scope))
        return before

    def clock(
        self,
        mode: str | None = None,
        at: datetime | str | None = None,
        speed: float | None = None,
        advance: str | float | None = None,
        zone: str | None = None,
    ) -> datetime:
        """Set or move the virtual clock; the time it shows then."""
        moment = wire(at) if isinstance(at, datetime) else at
        now = self.do("clock", mode=mode, at=moment, speed=speed, advance=advance, zone=zone)["now"]
        return datetime.strptime(now, WIRE_FORMAT)  # noqa: DTZ007 - the platform's wall time

    # -- the truth

    def journal(self, **filters: Any) -> list[dict[str, Any]]:
        """Every call with its reply, faults and effects, oldest first."""
        calls: list[dict[str, Any]] = self.do("journal", **keyed(filters))
        return calls

    def effects(self, **filters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.do("effects", **keyed(filters))
        return found

    def callbacks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.do("callbacks")
        return found

    def referee(self, account: Account | str = "", bucket: str = "") -> dict[str, dict[str, int]]:
        """The widest second and minute over all calls, per account and bucket."""
        found: dict[str, dict[str, int]] = self.do(
            "referee", account=key_of(account) or None, bucket=bucket or None
        )
        return found

    def truth(self, kind: str, account: Account | str) -> dict[Any, dict[str, Any]]:
        """The documents of a kind as they really are, by id."""
        found = self.do("state", kind=kind, account=key_of(account))
        return {int(id) if id.isdecimal() else id: doc for id, doc in found.items()}

    def report(self, account: Account | str) -> dict[str, Any]:
        """How a client did: orders never read, acknowledged, delays, calls and refusals."""
        found: dict[str, Any] = self.do("report", account=key_of(account))
        return found

    def invariants(self) -> list[str]:
        broken: list[str] = self.do("invariants")
        return broken


def key_of(account: Account | str) -> str:
    return account.key if isinstance(account, Account) else account


def keyed(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: key_of(value) if isinstance(value, Account) else value
        for name, value in filters.items()
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
