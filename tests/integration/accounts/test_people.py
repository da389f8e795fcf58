import pytest
from django.core import mail

from accounts.choices import PersonStatus, Role
from accounts.models import User
from accounts.services import people, tokens
from core import live
from core.errors import RuleViolation
from core.models import AuditEntry, JobRun
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def last_entry():
    return AuditEntry.objects.order_by("-pk").first()


def test_it_works(owner):
    person = people.invite_person(
        email=" Ana@Shop.RO ", name=" Ana Pop ", role=Role.PICKER, language="ro", by=owner
    )

    assert (person.email, person.name, person.language) == ("ana@shop.ro", "Ana Pop", "ro")
    assert person.status == PersonStatus.INVITED
    assert not person.has_usable_password()
    entry = last_entry()
    assert (entry.verb, entry.actor_id, entry.subject_id) == ("person.invited", owner.pk, person.pk)
    assert entry.changes == {"role": ["", "picker"]}
    assert JobRun.objects.filter(name="accounts.send_invitation", args=[person.pk]).exists()
    assert any(h.topic == "people" and person.pk in h.ids for h in live.waiting())


def test_nobody_is_invited_twice(owner, viewer):
    with pytest.raises(RuleViolation, match="already here"):
        people.invite_person(email=viewer.email.upper(), name="X", role=Role.VIEWER, by=owner)


def test_a_manager_invites_everybody_but_owners(manager):
    people.invite_person(email="a@shop.ro", name="A", role=Role.MANAGER, by=manager)
    with pytest.raises(RuleViolation, match="Only an owner can make somebody an owner"):
        people.invite_person(email="b@shop.ro", name="B", role=Role.OWNER, by=manager)


def test_a_role_that_does_not_exist_is_refused(owner):
    with pytest.raises(RuleViolation, match="no role “admin”"):
        people.invite_person(email="a@shop.ro", name="A", role="admin", by=owner)


def test_accepting_an_invitation_lets_the_person_in():
    person = UserFactory(invited=True)
    people.accept_invitation(person, name="Ana", password="correct horse battery")
    person.refresh_from_db()
    assert person.status == PersonStatus.ACTIVE
    assert person.check_password("correct horse battery")
    assert "ana" in person.search_text


def test_an_invitation_is_accepted_once():
    person = UserFactory(invited=True)
    people.accept_invitation(person, name="Ana", password="correct horse battery")
    with pytest.raises(RuleViolation, match="used already"):
        people.accept_invitation(person, name="Eve", password="another horse battery")


def test_an_invitation_is_sent_again_until_it_is_answered(owner):
    person = UserFactory(invited=True)
    people.resend_invitation(person, by=owner)
    assert last_entry().verb == "person.invited_again"
    people.accept_invitation(person, name="Ana", password="correct horse battery")
    with pytest.raises(RuleViolation, match="already joined"):
        people.resend_invitation(person, by=owner)


def test_changing_a_person_tells_the_old_address(owner, viewer):
    old = viewer.email
    people.change_person(viewer, name="Ștefan", email="New@shop.ro", language="ro", by=owner)
    viewer.refresh_from_db()
    assert (viewer.email, viewer.name) == ("new@shop.ro", "Ștefan")
    assert "stefan" in viewer.search_text
    assert last_entry().changes["email"] == [old, "new@shop.ro"]
    notice = JobRun.objects.get(name="accounts.send_notice")
    assert notice.args == ["email_changed", viewer.pk, old]


def test_changing_nothing_is_no_change(owner, viewer):
    people.change_person(viewer, name=viewer.name, email=viewer.email, language="", by=owner)
    assert not AuditEntry.objects.exists()


def test_an_address_that_somebody_has_is_refused(owner, viewer):
    with pytest.raises(RuleViolation, match="already here"):
        people.change_person(viewer, name="V", email=owner.email, language="", by=owner)


def test_a_manager_does_not_touch_an_owner(owner, manager):
    for change in (
        lambda: people.change_person(owner, name="X", email="x@x.ro", language="", by=manager),
        lambda: people.change_role(owner, role=Role.VIEWER, by=manager),
        lambda: people.deactivate_person(owner, by=manager),
        lambda: people.unlock_person(owner, by=manager),
    ):
        with pytest.raises(RuleViolation, match="Only an owner can change an owner"):
            change()


def test_managers_do_not_take_each_others_address(owner, manager, viewer):
    other = UserFactory(role=Role.MANAGER)
    with pytest.raises(RuleViolation, match="Only an owner can change the address or the role"):
        people.change_person(other, name="X", email="x@x.ro", language="", by=manager)
    with pytest.raises(RuleViolation, match="Only an owner can change the address or the role"):
        people.change_role(other, role=Role.VIEWER, by=manager)
    people.change_person(other, name="X", email=other.email, language="", by=manager)
    people.change_person(other, name="X", email="x@x.ro", language="", by=owner)
    people.change_person(viewer, name="V", email="v@x.ro", language="", by=manager)
    assert User.objects.get(pk=other.pk).email == "x@x.ro"
    assert User.objects.get(pk=viewer.pk).email == "v@x.ro"


def test_changing_a_role(owner, viewer):
    people.change_role(viewer, role=Role.PACKER, by=owner)
    viewer.refresh_from_db()
    assert viewer.role == Role.PACKER
    assert last_entry().changes == {"role": ["viewer", "packer"]}


def test_giving_the_role_somebody_has_is_no_change(owner, viewer):
    people.change_role(viewer, role=Role.VIEWER, by=owner)
    assert not AuditEntry.objects.exists()


def test_a_manager_makes_no_owners(manager, viewer):
    with pytest.raises(RuleViolation, match="make somebody an owner"):
        people.change_role(viewer, role=Role.OWNER, by=manager)


def test_the_last_owner_stays_owner(owner):
    with pytest.raises(RuleViolation, match="is the last owner"):
        people.change_role(owner, role=Role.MANAGER, by=owner)
    other = UserFactory(role=Role.OWNER)
    people.change_role(owner, role=Role.MANAGER, by=owner)
    with pytest.raises(RuleViolation, match="is the last owner"):
        people.change_role(other, role=Role.VIEWER, by=None)


@pytest.mark.parametrize("state", [{"is_active": False}, {"joined_at": None}])
def test_an_owner_who_cannot_sign_in_does_not_count(owner, state):
    UserFactory(role=Role.OWNER, **state)
    with pytest.raises(RuleViolation, match="is the last owner"):
        people.change_role(owner, role=Role.MANAGER, by=owner)


def test_deactivating_shuts_out_at_once(owner, viewer, viewer_client):
    token, _ = tokens.create_token(viewer, name="till", by=viewer)
    assert viewer_client.get("/you/").status_code == 200

    people.deactivate_person(viewer, by=owner)

    assert viewer_client.get("/you/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None
    viewer.refresh_from_db()
    assert viewer.status == PersonStatus.DEACTIVATED


def test_letting_in_again_revives_neither_sessions_nor_tokens(owner, viewer, viewer_client):
    tokens.create_token(viewer, name="till", by=viewer)
    people.deactivate_person(viewer, by=owner)
    people.activate_person(viewer, by=owner)
    assert viewer_client.get("/you/").status_code == 302
    assert not viewer.tokens.usable().exists()
    assert User.objects.get(pk=viewer.pk).status == PersonStatus.ACTIVE


def test_nobody_deactivates_themselves(owner):
    UserFactory(role=Role.OWNER)
    with pytest.raises(RuleViolation, match="cannot deactivate yourself"):
        people.deactivate_person(owner, by=owner)


def test_the_last_owner_is_not_deactivated(owner):
    with pytest.raises(RuleViolation, match="is the last owner"):
        people.deactivate_person(owner, by=None)


def test_doing_it_twice_does_it_once(owner, viewer):
    people.deactivate_person(viewer, by=owner)
    people.deactivate_person(viewer, by=owner)
    people.activate_person(viewer, by=owner)
    people.activate_person(viewer, by=owner)
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["person.deactivated", "person.activated"]


def test_the_profile_is_ones_own(viewer):
    chosen = {"language": "ro", "time_zone": "Europe/Sofia", "theme": "dark", "density": "compact"}
    people.change_profile(viewer, name="Vlad", **chosen)
    viewer.refresh_from_db()
    assert (viewer.name, viewer.language, viewer.time_zone, viewer.theme) == (
        "Vlad", "ro", "Europe/Sofia", "dark",
    )  # fmt: skip
    assert viewer.preferences["density"] == "compact"
    assert last_entry().changes["name"][1] == "Vlad"


def test_changing_the_profile_keeps_other_preferences(viewer):
    viewer.preferences = {"columns": {"accounts.person_list": ["name"]}}
    viewer.save(update_fields=["preferences"])
    people.change_profile(
        viewer, name=viewer.name, language="", time_zone="", theme="system", density="compact"
    )
    viewer.refresh_from_db()
    assert viewer.preferences["columns"] == {"accounts.person_list": ["name"]}
    assert not AuditEntry.objects.exists()


def test_no_mail_is_sent_within_a_request(owner):
    people.invite_person(email="a@shop.ro", name="A", role=Role.VIEWER, by=owner)
    assert mail.outbox == []
