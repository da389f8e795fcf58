"""What core itself fills the slots with, apart from pages: jobs, partitions, probes, words."""

from django.utils.translation import gettext_lazy as _

from core import audit, checks, partitions, rates
from core.jobs import upkeep
from core.live import wiring
from core.registry import register_probe, register_verbs


def register_own() -> None:
    """Called once, from CoreConfig.ready()."""
    checks.register_own()
    wiring.register_own()
    partitions.register(audit.TABLE)
    register_probe(upkeep.WORKER, upkeep.worker_probe)
    register_probe(rates.PROBE, rates.probe)
    register_verbs(
        {
            "job.started": _("Job started"),
            "job.paused": _("Job paused"),
            "job.resumed": _("Job resumed"),
        }
    )
