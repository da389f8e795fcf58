"""An account that eMAG does not let in rests, with words; the others go on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models.jobs import JobStatus
from core.registry import Level
from emag import probes, slots
from emag.client.errors import WrongCredentials
from emag.models import Credential
from emag.services import trouble
from emag.services.accounts import connect as connect_credentials
from emag.services.connection import check_connection
from orders.models import Order
from orders.services import accept_order
from outbox.choices import CommandStatus
from outbox.models import Command, Lane
from outbox.services import pause_lane
from tests.factories.emag import CredentialFactory
from tests.factories.orders import OrderFactory
from tests.integration.emag.conftest import drain, run_job

PULL, HEALTH = "emag.pull_orders", "emag.check_health"


@pytest.fixture
def wrong(connect):
    return connect("wrong", stored="a wrong password")


def calls(sim):
    return len(sim.journal())


def test_it_works(sim, main, wrong):
    """Two accounts, one with a wrong password: one rests and says why, the other goes on."""
    sim.inject_orders(4, account=main.there)
    assert run_job(PULL, wrong).status == JobStatus.FAILED
    assert run_job(PULL, main).status == JobStatus.DONE
    assert Order.objects.filter(account=main).count() == 4
    assert Lane.objects.get(account=wrong).is_paused
    assert not Lane.objects.filter(account=main, paused_at__isnull=False).exists()
    probe = probes.access()
    assert probe.level == Level.BAD
    assert "wrong" in str(probe.message)
    assert "main" not in str(probe.message)


def test_it_is_asked_once_and_then_left_alone(sim, wrong):
    run_job(PULL, wrong)
    asked = calls(sim)
    for _time in range(5):
        run = run_job(PULL, wrong)
        assert run.status == JobStatus.DONE
        assert "refuses" in run.log
    run_job("emag.sweep_new_orders", wrong)
    run_job("emag.pull_offers", wrong)
    run_job(HEALTH, wrong)
    assert calls(sim) == asked, "a wrong password is not tried again at once"


def test_a_new_password_wakes_it(sim, wrong, owner):
    sim.inject_orders(2, account=wrong.there)
    run_job(PULL, wrong)
    credential = wrong.emag_credential
    connect_credentials(
        wrong, username=credential.username, password="secret", base_url=credential.base_url,
        by=owner,
    )  # fmt: skip
    assert not Lane.objects.get(account=wrong).is_paused
    assert run_job(PULL, wrong).status == JobStatus.DONE
    assert Order.objects.count() == 2


def test_a_test_that_succeeds_wakes_it(sim, main):
    sim.fault("creds_revoked", count=2)
    run_job(PULL, main)
    assert trouble.resting(main)
    sim.clear_faults()
    credential = main.emag_credential
    credential.refresh_from_db()
    credential.checked_at = timezone.now() - trouble.TEST_EVERY["password"]
    credential.save()
    assert run_job(HEALTH, main).status == JobStatus.DONE
    assert not trouble.resting(main)
    assert not Lane.objects.get(account=main).is_paused


@pytest.mark.parametrize(("fault", "kind"), [("creds_revoked", "password"), ("ip_revoked", "ip")])
def test_the_cause_has_its_own_words(sim, main, fault, kind):
    sim.fault(fault)
    run = run_job(PULL, main)
    assert run.status == JobStatus.FAILED
    credential = trouble.resting(main)
    assert credential.trouble_kind == kind
    assert credential.trouble == Lane.objects.get(account=main).paused_reason
    words = trouble.words_for(credential)
    assert ("password" in words) == (kind == "password")
    assert ("address" in words) == (kind == "ip")


def test_a_line_that_is_down_does_not_make_it_rest(sim, main):
    sim.fault("http_503")
    assert run_job(PULL, main).status == JobStatus.FAILED
    assert trouble.resting(main) is None
    sim.clear_faults()
    assert run_job(PULL, main).status == JobStatus.DONE


def test_a_paused_account_is_left_alone(sim, main):
    main.is_paused, main.paused_at = True, timezone.now()
    main.save()
    run_job(PULL, main)
    assert calls(sim) == 0


def test_somebody_else_s_account_is_left_alone(transactional_db):
    from tests.factories.accounts import MarketplaceAccountFactory

    run = run_job(PULL, MarketplaceAccountFactory())
    assert run.status == JobStatus.DONE
    assert "not connected" in run.log


def test_health_says_what_is_wrong(sim, wrong):
    run = run_job(HEALTH, wrong)
    assert run.status == JobStatus.FAILED
    assert "password" in run.error
    assert trouble.resting(wrong)


def test_when_emag_is_down_everybody_sees_it(sim, main):
    assert run_job(PULL, main).status == JobStatus.DONE
    assert probes.reading().level == Level.OK
    sim.fault("http_503")
    assert run_job(PULL, main).status == JobStatus.FAILED
    probe = probes.reading()
    assert (probe.level, probe.banner) == (Level.WARN, True)
    assert "main: orders cannot be read at the moment." in str(probe.message)
    assert probe.since is not None, "when they were read last"
    sim.clear_faults()
    assert run_job(PULL, main).status == JobStatus.DONE
    assert probes.reading().level == Level.OK


@pytest.mark.parametrize("between", ["http_503", "http_502"])
def test_another_failure_in_between_does_not_hide_why_it_rests(sim, main, between):
    """Refused, then eMAG is down, then all is well: everything goes on."""
    sim.fault("creds_revoked", count=1)
    run_job(PULL, main)
    sim.clear_faults()
    sim.fault(between)
    check_connection(main.emag_credential)
    credential = trouble.resting(main)
    assert credential is not None, "that it cannot be tested does not make it right"
    assert credential.trouble_kind == "password"
    sim.clear_faults()
    assert check_connection(main.emag_credential).ok
    assert not Lane.objects.get(account=main).is_paused
    assert run_job(PULL, main).status == JobStatus.DONE


def test_a_pause_that_nobody_remembers_the_cause_of_is_lifted(main):
    """Whatever the credentials say: eMAG lets us in, so no command waits because it did not."""
    pause_lane("emag", main, reason_kind="auth", reason="refused")
    assert trouble.wake(main)
    assert not Lane.objects.get(account=main).is_paused


def test_another_pause_stays(main):
    pause_lane("emag", main, reason_kind="person", reason="Stock-taking")
    trouble.wake(main)
    assert Lane.objects.get(account=main).is_paused


def test_a_refusal_of_the_old_password_says_nothing_about_the_new_one(sim, main):
    """It was on its way while the new one was stored."""

    @trouble.resting_on_refusal(main)
    def is_refused():
        Credential.objects.update(changed_at=timezone.now())
        raise WrongCredentials("no", remote="eMAG")

    with pytest.raises(WrongCredentials):
        is_refused()
    assert trouble.resting(main) is None
    assert not Lane.objects.filter(account=main, paused_at__isnull=False).exists()


class TestOneRight:
    """The user may do some things and not others."""

    @pytest.fixture
    def account(self, stage, little_waiting, transactional_db):
        stage.will_answer({"message": "Access to this resource is denied"}, 403)
        return CredentialFactory(base_url=stage.url).account

    @pytest.mark.parametrize("job", ["emag.pull_reference_data", "emag.pull_offers"])
    def test_only_the_work_that_needs_it_fails(self, account, job):
        run = run_job(job, account)
        assert run.status == JobStatus.FAILED
        assert "no right" in run.error
        assert trouble.resting(account) is None
        assert not Lane.objects.filter(account=account, paused_at__isnull=False).exists()

    def test_a_command_that_needs_it_fails_in_their_words(self, account, owner):
        accept_order(OrderFactory(account=account), by=owner)
        drain()
        command = Command.objects.get()
        assert command.status == CommandStatus.FAILED
        assert command.messages == ["Access to this resource is denied"]
        assert not Lane.objects.get(account=account).is_paused

    def test_the_other_lists_are_read(self, stage, account):
        run_job("emag.pull_reference_data", account)
        assert len({seen.path for seen in stage.seen}) >= 5

    def test_an_account_that_may_not_see_orders_rests(self, account):
        assert run_job(PULL, account).status == JobStatus.FAILED
        assert trouble.resting(account).trouble_kind == "rights"

    def test_the_test_asks_whether_it_may_see_orders(self, stage, account):
        stage.will_answer(
            {"isError": False, "messages": [], "results": {
                "noOfItems": 0, "noOfPages": 0, "itemsPerPage": 100}}
        )  # fmt: skip
        assert check_connection(account.emag_credential).ok, "VAT rates may be forbidden"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"trouble_kind": "password"}, "Refused: User or password"),
        ({"trouble_kind": "network"}, "No connection"),
        ({}, "Not tested yet"),
        ({"worked_at": timezone.now() + timedelta(days=1)}, "Working"),
    ],
)
def test_how_the_connection_is_for_the_list_of_accounts(facts, word):
    credential = CredentialFactory(**facts)
    assert str(slots.connection_states()[credential.account_id].word) == word
