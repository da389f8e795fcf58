"""The simulator as a program: its options, its start, its end."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from emag.simulator.engine import Engine
from emag.simulator.scenarios import SCENARIOS, begin
from emag.simulator.server import PortInUse
from emag.simulator.world import World


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=int, default=8701, help="port of the marketplace (default: %(default)s)"
    )
    parser.add_argument(
        "--control-port",
        type=int,
        default=8702,
        help="port of the control page (default: %(default)s)",
    )
    parser.add_argument(
        "--data", metavar="FILE", help="SQLite file that keeps the world (default: in memory)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="seed of a new world (default: %(default)s)"
    )
    parser.add_argument(
        "--scenario",
        default="demo",
        choices=sorted(SCENARIOS),
        help="what a new world is like (default: %(default)s)",
    )
    parser.add_argument(
        "--password", default="demo", help="password of the demo accounts (default: %(default)s)"
    )
    parser.add_argument(
        "--callback",
        action="append",
        default=[],
        metavar="ACCOUNT=URL",
        help="where an account's callbacks go; {kind} in the URL becomes order, cancel, return, "
        "awb or documentation",
    )


def run(options: Any, say: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    if options.data:
        Path(options.data).parent.mkdir(parents=True, exist_ok=True)
    world = World(options.data, seed=options.seed)
    try:
        engine = Engine(
            world, host=options.host, port=options.port, control_port=options.control_port
        )
    except PortInUse as error:
        world.close()
        say(
            f"The eMAG simulator cannot start: {error}. "
            "Stop the other program or choose another port."
        )
        return 1
    begin(world, options.scenario, options.password)
    try:
        set_callbacks(world, options.callback)
    except (LookupError, ValueError) as error:
        engine.abandon()
        say(f"The eMAG simulator cannot start: {error.args[0]}")
        return 2
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    engine.start()
    say(
        f"eMAG simulator: http://{options.host}:{engine.port}/ro/api-3, control page http://{options.host}:{engine.control_port}/"
    )
    ended.wait()
    engine.stop()
    return 0


def set_callbacks(world: World, given: Sequence[str]) -> None:
    """`demo-main=http://host/hooks/TOKEN/{kind}/`, once for each account."""
    for text in given:
        name, sign, url = text.partition("=")
        if not sign or not url.startswith(("http://", "https://")):
            raise ValueError(f"--callback {text!r} is not ACCOUNT=URL")
        account = world.account(name)
        account.callbacks = {
            kind: url.replace("{kind}", kind)
            for kind in ("order", "cancel", "return", "awb", "documentation")
        }
        world.save_account(account)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="emag.simulator", description="A marketplace to practise with."
    )
    add_options(parser)
    return run(parser.parse_args(arguments), lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201
