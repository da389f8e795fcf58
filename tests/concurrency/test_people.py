"""What must hold however many people press at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts.choices import Role
from accounts.models import BankAccount, User
from accounts.services import companies, mfa, people
from core.errors import RuleViolation
from core.models import AuditEntry
from tests.factories.accounts import PASSWORD, CompanyFactory, UserFactory
from tests.integration.accounts.two_factor import give_app

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs):
    """Run them in threads of their own, all let go at the same moment; errors are answers too."""
    barrier = threading.Barrier(len(jobs))

    def run(job):
        barrier.wait()
        try:
            return job()
        except RuleViolation as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def refusals(answers):
    return [answer for answer in answers if isinstance(answer, RuleViolation)]


@pytest.mark.parametrize("round_", range(5))
def test_two_owners_cannot_demote_each_other(round_):
    ana, dan = UserFactory(role=Role.OWNER), UserFactory(role=Role.OWNER)
    answers = at_once(
        lambda: people.change_role(ana, role=Role.VIEWER, by=dan),
        lambda: people.change_role(dan, role=Role.VIEWER, by=ana),
    )
    assert len(refusals(answers)) == 1
    assert User.objects.able_owners().count() == 1


def test_many_ways_to_lose_the_last_owner():
    owners = [UserFactory(role=Role.OWNER) for _ in range(6)]
    jobs = [lambda o=o: people.change_role(o, role=Role.VIEWER, by=None) for o in owners[:3]]
    jobs += [lambda o=o: people.deactivate_person(o, by=None) for o in owners[3:]]
    assert len(refusals(at_once(*jobs))) == 1
    assert User.objects.able_owners().count() == 1


def test_one_address_is_invited_once():
    def invite(n):
        return lambda: people.invite_person(
            email="ana@shop.ro", name=f"Ana {n}", role=Role.VIEWER, by=None
        )

    assert len(refusals(at_once(*(invite(n) for n in range(4))))) == 3
    assert User.objects.filter(email="ana@shop.ro").count() == 1


def test_an_invitation_is_answered_once():
    person = UserFactory(invited=True)

    def accept(n):
        return lambda: people.accept_invitation(person, name=f"A{n}", password=f"{PASSWORD} {n}")

    assert len(refusals(at_once(*(accept(n) for n in range(4))))) == 3
    assert AuditEntry.objects.filter(verb="person.joined").count() == 1


@pytest.mark.parametrize("round_", range(5))
def test_a_rule_and_a_role_that_change_together_agree(round_):
    person = UserFactory(role=Role.VIEWER)
    mfa.set_role_policy(Role.PICKER, require_mfa=False, by=None)
    at_once(
        lambda: mfa.set_role_policy(Role.PICKER, require_mfa=True, by=None),
        lambda: people.change_role(person, role=Role.PICKER, by=None),
    )
    person.refresh_from_db()
    assert person.must_enroll_mfa


@pytest.mark.parametrize("round_", range(5))
def test_a_rule_and_a_new_factor_agree(round_):
    person = UserFactory(role=Role.PICKER)
    at_once(
        lambda: mfa.set_role_policy(Role.PICKER, require_mfa=True, by=None),
        lambda: give_app(person),
    )
    person.refresh_from_db()
    assert (person.has_mfa, person.must_enroll_mfa) == (True, False)


def test_a_company_has_one_main_account_of_a_currency():
    company = CompanyFactory()
    ibans = ["RO49AAAA1B31007593840000", "DE89370400440532013000", "BG80BNBG96611020345678"]

    def add(iban):
        return lambda: companies.add_bank_account(
            company, iban=iban, bank="B", currency="RON", by=None
        )

    at_once(*(add(iban) for iban in ibans))
    assert BankAccount.objects.count() == 3
    assert BankAccount.objects.filter(is_main=True).count() == 1


def test_guesses_sent_at_once_are_counted_one_by_one():
    """A hundred guesses in one burst must not all be let through before the first is counted."""
    UserFactory(email="ana@shop.ro", password=PASSWORD)

    def guess(n):
        form = {"login": "ana@shop.ro", "password": f"wrong {n}"}
        return lambda: Client().post("/sign-in/", form).status_code

    answers = at_once(*(guess(n) for n in range(12)))
    assert answers.count(200) == 4
    assert answers.count(429) == 8
