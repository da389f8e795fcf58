"""Logging that stays readable while something is down."""

import logging
import time


class OncePerMinute(logging.Filter):
    """Lets the same message through once a minute, whatever its arguments."""

    def __init__(self, seconds: float = 60) -> None:
        super().__init__()
        self.seconds = seconds
        self.last: dict[tuple[int, object], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key, now = (record.levelno, record.msg), time.monotonic()
        if now - self.last.get(key, -self.seconds) < self.seconds:
            return False
        self.last[key] = now
        return True


def quiet_logger(name: str) -> logging.Logger:
    """The logger of that name; from now on it says each thing at most once a minute."""
    logger = logging.getLogger(name)
    if not any(isinstance(known, OncePerMinute) for known in logger.filters):
        logger.addFilter(OncePerMinute())
    return logger
