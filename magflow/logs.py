"""How log lines look: readable ones for people, JSON for collectors. Each names its request."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

PLAIN = "%(asctime)s %(levelname)-7s %(name)s %(message)s%(request_mark)s"


class RequestFilter(logging.Filter):
    """Puts the number of the request or job that is being served on every line."""

    def filter(self, record: logging.LogRecord) -> bool:
        mark = getattr(record, "request_id", "") or current_request_id()
        record.request_id = mark
        record.request_mark = f" [{mark}]" if mark else ""
        # A page that is refused or is not there is a line; where the code went wrong, it is told.
        if record.name == "django.request" and record.levelno < logging.ERROR:
            record.exc_info = None
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the names collectors expect."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := getattr(record, "request_id", ""):
            line["request_id"] = request_id
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def current_request_id() -> str:
    """Lines are also written before the apps are loaded; then there is no request yet."""
    audit = sys.modules.get("core.audit")
    return str(audit.current().request_id) if audit and hasattr(audit, "current") else ""


def config(level: str, shape: str) -> dict[str, object]:
    """Django's LOGGING: all to standard error, where the supervisor or the platform reads it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": "magflow.logs.RequestFilter"}},
        "formatters": {
            "plain": {"format": PLAIN, "datefmt": "%H:%M:%S"},
            "json": {"()": "magflow.logs.JsonFormatter"},
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "filters": ["request"], "formatter": shape}
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # Every scanner on the internet sends wrong Host headers; that is no error of ours.
            "django.security.DisallowedHost": {
                "handlers": [],
                "level": "CRITICAL",
                "propagate": False,
            },
            "axes": {"level": "WARNING"},
            # It tells of every task; ours have their own rows and pages.
            "django-q": {"level": "WARNING"},
        },
    }
