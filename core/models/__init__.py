"""Every model of core, one file per aggregate."""

from core.models.audit import AuditEntry
from core.models.bulk import BulkRefusal, BulkRun, BulkStatus, RefusalKind
from core.models.exports import (
    Covers,
    Every,
    ExportRun,
    ExportStatus,
    FileKind,
    ScheduledExport,
)
from core.models.gates import RateGate
from core.models.jobs import Heartbeat, JobPause, JobRun, JobStatus, JobTrigger
from core.models.rates import ExchangeRate
from core.models.views import SavedView

__all__ = [
    "AuditEntry",
    "BulkRefusal",
    "BulkRun",
    "BulkStatus",
    "Covers",
    "Every",
    "ExchangeRate",
    "ExportRun",
    "ExportStatus",
    "FileKind",
    "Heartbeat",
    "JobPause",
    "JobRun",
    "JobStatus",
    "JobTrigger",
    "RateGate",
    "RefusalKind",
    "SavedView",
    "ScheduledExport",
]
