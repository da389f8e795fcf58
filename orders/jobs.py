"""Scheduled work on orders."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from core.jobs import Run, enqueue, job
from orders import services
from orders.services import counting, customer_figures, document_files, tagging


@job(every="10m", per="account", title=_("Accept new orders"))
def accept_new_orders(run: Run, key: str) -> None:
    """Accept what the account's rule lets through: old enough, complete, in stock."""
    account = MarketplaceAccount.objects.filter(pk=key).first()
    if account is None or not account.accepts_automatically:
        return
    accepted, waiting = services.accept_new_orders(account)
    run.count("accepted", accepted)
    run.count("waiting", waiting)


@job(
    every="5m",
    per="account",
    title=_("Count what customers bought"),
    manual=False,
    hidden=True,
)
def count_customers(run: Run, key: str) -> None:
    """Bring the figures of customers up to date whose orders arrived or changed.

    Every import asks for it; the schedule finds what was asked for and lost.
    """
    account = MarketplaceAccount.objects.filter(pk=key).first()
    if account is None:
        return None
    while (found := customer_figures.take_nudges(account)) is not None:
        run.count("changed", len(found.changed))
        if found.skipped or run.is_time_up:  # an import holds them; it does not take long
            return run.hand_over()
    if customer_figures.has_outgrown_its_yardstick(account):
        enqueue(sweep_customers, key=key)
    return None


@job(at="03:40", per="account", title=_("Count and score all customers"))
def sweep_customers(run: Run, key: str, after: int = 0) -> None:
    """Count everybody's orders anew, score them as of today, and tell whose figures were wrong."""
    account = MarketplaceAccount.objects.filter(pk=key).first()
    if account is None:
        return None
    if not after:
        run.progress(0, account.customers.count())
        while (taken := customer_figures.take_nudges(account)) is not None and not taken.skipped:
            if run.is_time_up:  # what was not counted yet is no mistake
                return run.hand_over()
        customer_figures.measure(account)
    while pks := customer_figures.next_customers(account, after):
        found = customer_figures.recount(account, pks)
        after = pks[-1]
        run.count("changed", len(found.changed))
        run.progress(run.row.done + len(pks))
        if found.repaired:
            run.count("repaired", len(found.repaired))
            run.log(_told(found.repaired))
        if run.is_time_up:
            return run.hand_over(after)
    for name, (kept, counted) in customer_figures.measure(account).items():
        run.log(f"{name}: {kept} → {counted}")
    return None


def _told(pks: list[int]) -> str:
    shown = ", ".join(map(str, pks[:20]))
    more = f", … ({len(pks)})" if len(pks) > 20 else ""
    return gettext("Figures were wrong and are right now: %(customers)s") % {
        "customers": shown + more
    }


@job(every="1m", title=_("Add up the kept numbers of orders"), manual=False, hidden=True)
def fold_order_counts(run: Run) -> None:
    """Every change of an order adds a row to them: see orders.counts."""
    counting.fold_counts()


@job(at="03:20", title=_("Count all orders anew"))
def recount_orders(run: Run) -> None:
    """Look whether the kept numbers are right, set them right, and tell if they were not."""
    for account, fulfilment, status, has_problem, number in counting.recount():
        run.count("differences")
        run.log(
            gettext("The number of orders was wrong by %(n)s: %(kind)s")
            % {"n": number, "kind": f"{account} {fulfilment} {status} {has_problem}"}
        )


@job(every="1h", title=_("Bring renamed and removed tags up to date on orders"), manual=False)
def settle_tags(run: Run) -> None:
    """Asked for when a tag is renamed or removed; the schedule finds what was lost."""
    for tag in tagging.unsettled():
        while changed := tagging.settle_some(tag):
            run.count("changed", changed)
            if run.is_time_up:
                return run.hand_over()
    return None


@job(at="03:45", title=_("Remove files of documents whose links are over"))
def purge_documents(run: Run) -> None:
    """What a marketplace could fetch long enough, what was taken back, and lost uploads."""
    while removed := document_files.remove_over():
        run.count("removed", removed)
        if run.is_time_up:
            return run.hand_over()
    run.count("lost", document_files.remove_orphans())
    return None
