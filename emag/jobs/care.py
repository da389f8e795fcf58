"""The jobs that look after the connection and throw away what nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import MarketplaceAccount
from core import live
from core.errors import MagFlowError
from core.jobs import Run, job
from emag.models import Credential, Nudge, PayloadStatus, RejectedPayload
from emag.services import payloads, trouble
from emag.services.connection import check_connection

KEEP_RESOLVED = timedelta(days=30)
KEEP_IGNORED = timedelta(days=180)
KEEP_OPEN = timedelta(days=180)  # since it came last: nobody asked for it, and it names people
KEEP_NUDGES = timedelta(days=1)


class ConnectionTrouble(MagFlowError):
    """eMAG cannot be used at the moment; the next test or reading may go through."""

    code = "emag_connection"


@job(every="15m", per="account", title=gettext_lazy("Test the connection"))
def check_health(run: Run, key: str) -> None:
    """Whether eMAG lets the account in; what rested goes on as soon as it does.

    An account that was refused is tested less often: repeating a wrong password makes it worse.
    """
    credential = (
        Credential.objects.select_related("account")
        .filter(account__pk=key, account__is_paused=False)
        .first()
    )
    if credential is None:
        run.log(_("This account is not connected to eMAG, or it is paused."))
        return
    is_resting = credential.trouble_kind in trouble.RESTING
    if is_resting and run.by is None and not trouble.is_test_due(credential):
        run.log(trouble.words_for(credential))
        return
    run.count("calls")
    check = check_connection(credential, by=run.by)
    if not check.ok:
        raise ConnectionTrouble(check.words)
    run.log(check.words)


@job(at="03:52:29", per="account", title=gettext_lazy("Remove old payloads"))
def purge(run: Run, key: str) -> None:
    """What nobody needs any more: settled payloads, and what names the people of old orders.

    Old calls go by themselves, a day's part at a time.
    """
    account = MarketplaceAccount.objects.filter(pk=key).first()
    if account is None:
        return
    now = timezone.now()
    rejected = RejectedPayload.objects.filter(account=account)
    for old in (
        rejected.filter(status=PayloadStatus.RESOLVED, settled_at__lt=now - KEEP_RESOLVED),
        rejected.filter(status=PayloadStatus.IGNORED, settled_at__lt=now - KEEP_IGNORED),
        rejected.open().filter(last_at__lt=now - KEEP_OPEN),
    ):
        run.count("payloads", old.delete()[0])
    for emptied in payloads.empty_old(account, now):
        run.count("payloads", emptied)
        if run.is_time_up:
            break  # the rest goes tomorrow
    nudges = Nudge.objects.filter(account=account, at__lt=now - KEEP_NUDGES)
    run.count("calls of eMAG", nudges.delete()[0])
    live.touch("payloads")
