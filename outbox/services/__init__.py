"""What other apps and people ask of the outbox."""

from outbox.services.asking import KeyTaken, request, request_many
from outbox.services.lanes import lane_for, pause_lane, resume_if_paused_for, resume_lane
from outbox.services.settling import (
    asked_of,
    cancel,
    for_subject,
    latest_of,
    resolve,
    retry,
    retry_like,
)

__all__ = [
    "KeyTaken",
    "asked_of",
    "cancel",
    "for_subject",
    "lane_for",
    "latest_of",
    "pause_lane",
    "request",
    "request_many",
    "resolve",
    "resume_if_paused_for",
    "resume_lane",
    "retry",
    "retry_like",
]
