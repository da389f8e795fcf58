from django.db import models


class RateGate(models.Model):
    """How often something outside may be called: what was granted lately, shared by all processes.

    `state` is written and read by core.ratelimit alone; `version` makes each change of it a
    compare-and-set, so that a process that is stopped half-way holds nobody up.
    """

    name = models.CharField(primary_key=True, max_length=120)  # "emag:7:orders"
    state = models.JSONField(default=dict, blank=True)
    version = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
