"""An account that eMAG does not let in rests, with words; the others go on."""

import pytest
from django.utils import timezone

from core.models.jobs import JobStatus
from core.registry import Level
from emag import probes
from emag.services import trouble
from emag.services.accounts import connect as connect_credentials
from orders.models import Order
from outbox.models import Lane
from tests.integration.emag.conftest import run_job

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
