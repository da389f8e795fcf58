"""The running whole: both servers, the runner of events and the sender of callbacks."""

from __future__ import annotations

import threading

from emag.simulator import control, server
from emag.simulator.callbacks import Callers
from emag.simulator.world import World

LONGEST_SLEEP = 0.5


class Engine:
    """Starts and stops everything round one world. Port 0 takes a free one."""

    def __init__(
        self, world: World, *, host: str = "127.0.0.1", port: int = 0, control_port: int = 0
    ) -> None:
        self.world = world
        self.marketplace = server.listen(world, host, port, server.marketplace)
        try:
            self.control = server.listen(world, host, control_port, control.respond)
        except server.PortInUse:
            self.marketplace.server_close()
            raise
        self.host = host
        self.port = int(self.marketplace.server_address[1])
        self.control_port = int(self.control.server_address[1])
        self.callers = Callers(world)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._threads = [
            server.serve(self.marketplace, "marketplace"),
            server.serve(self.control, "control"),
            threading.Thread(target=self._run_events, name="events", daemon=True),
        ]
        self._threads[-1].start()
        self.callers.start()

    def abandon(self) -> None:
        """Give the ports back without ever having served."""
        for one in (self.marketplace, self.control):
            one.server_close()
        self.world.close()

    def stop(self) -> None:
        """Take no more calls, let those in flight go, keep what must survive."""
        self.world.stopping.set()
        self.world.wake.set()
        for one in (self.marketplace, self.control):
            server.end(one)
        self.world.wait_until_idle(2)
        for thread in self._threads:
            thread.join(timeout=5)
        self.callers.stop()
        self.world.remember()
        self.world.close()

    def _run_events(self) -> None:
        world = self.world
        while not world.stopping.is_set():
            world.wake.clear()
            world.events.run_due(most=200)
            coming = world.events.next_instant()
            pause = None if coming is None else world.clock.wall_seconds_until(coming)
            world.wake.wait(LONGEST_SLEEP if pause is None else min(pause, LONGEST_SLEEP))
