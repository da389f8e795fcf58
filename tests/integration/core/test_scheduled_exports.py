"""Exports at set times: once for each time, with the owner's rights, by mail and into folders."""

import csv
import datetime as dt
import io
import os
import re
import smtplib
import time
from pathlib import Path

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.choices import Role
from accounts.models import User
from core import export_delivery, export_files, failpoints, jobs, printing
from core import scheduled_exports as services
from core.errors import RuleViolation
from core.export_trouble import probe
from core.models import AuditEntry, ExportRun, JobRun, ScheduledExport
from core.registry import Level
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory
from tests.work import drain

pytestmark = pytest.mark.django_db
PAGE = "orders.order_list"
MORNING = dt.datetime(2026, 3, 4, 4, 0, tzinfo=dt.UTC)  # 06:00 in Bucharest
LIST = "/exports/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORT_DIR = str(tmp_path / "exports")
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "exports"


@pytest.fixture
def accountant():
    return UserFactory(role=Role.ACCOUNTANT, email="ana@shop.ro")


@pytest.fixture
def account():
    return MarketplaceAccountFactory(name="RO main")


def facts(**changes):
    return {
        "name": "Daily orders", "query": "", "columns": ["external_id", "total"], "details": "",
        "kind": "csv", "covers": "all", "every": "day", "hour": 6, "weekday": 0, "month_day": 1,
        "emails": ["boss@shop.ro"], "to_folder": False, "folder": "", "file_name": "{name} {date}",
        **changes,
    }  # fmt: skip


def scheduled(by, at=MORNING - dt.timedelta(hours=2), **changes):
    with time_machine.travel(at, tick=False):
        return services.schedule(PAGE, by=by, **facts(**changes))


def sweep(at=MORNING):
    """What the worker does at that time: the sweep and all that follows from it."""
    with time_machine.travel(at, tick=False):
        jobs.run_here("core.sweep_exports")
        drain()


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def attached(message):
    [(name, data, kind)] = message.attachments
    return name, data if isinstance(data, str) else data.decode("utf-8"), kind


class TestMail:
    def test_it_works(self, accountant, account):
        order = OrderFactory(account=account)
        export = scheduled(accountant)
        assert export.next_at == MORNING
        sweep(MORNING - dt.timedelta(minutes=1))
        assert mail.outbox == []
        sweep()
        [message] = mail.outbox
        assert message.to == ["boss@shop.ro"]
        assert message.subject == "Daily orders · 04.03.2026"
        name, text, kind = attached(message)
        assert (name, kind) == ("Daily orders 2026-03-04.csv", "text/csv")
        assert [row["Order"] for row in rows_of(text)] == [order.external_id]
        run = ExportRun.objects.get()
        assert (run.status, run.rows, run.attempts) == ("done", 1, 1)
        export.refresh_from_db()
        assert export.next_at == MORNING + dt.timedelta(days=1)
        assert AuditEntry.objects.filter(verb="export.delivered").count() == 1

    def test_a_time_is_one_file_however_often_it_is_looked_at(self, accountant, account):
        scheduled(accountant)
        for _ in range(3):
            sweep()
        assert len(mail.outbox) == ExportRun.objects.count() == 1

    def test_missed_times_are_made_up_for_once(self, accountant, account):
        export = scheduled(accountant)
        sweep(MORNING + dt.timedelta(days=3, hours=5))
        assert len(mail.outbox) == 1
        export.refresh_from_db()
        assert export.next_at == MORNING + dt.timedelta(days=4)
        assert ExportRun.objects.get().slot == MORNING + dt.timedelta(days=3)

    def test_each_next_time(self, accountant, account):
        scheduled(accountant)
        for day in range(3):
            sweep(MORNING + dt.timedelta(days=day, minutes=2))
        assert [message.subject[-10:] for message in mail.outbox] == [
            "04.03.2026", "05.03.2026", "06.03.2026",
        ]  # fmt: skip

    def test_a_night_on_which_the_clock_jumps(self, accountant, account):
        before = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
        scheduled(accountant, at=before, hour=3)
        for minutes in range(0, 48 * 60, 25):
            sweep(before + dt.timedelta(minutes=minutes))
        assert len(mail.outbox) == 2

    def test_in_the_language_of_the_owner(self, account):
        owner = UserFactory(role=Role.MANAGER, language="ro")
        OrderFactory(account=account)
        scheduled(owner)
        sweep()
        _name, text, _kind = attached(mail.outbox[0])
        assert "Comandă" in text.splitlines()[0]

    def test_too_large_is_a_link(self, accountant, account, settings, client):
        settings.EXPORT_MAIL_MB = 0
        order = OrderFactory(account=account)
        scheduled(accountant)
        sweep()
        [message] = mail.outbox
        assert message.attachments == []
        [link] = [line for line in message.body.splitlines() if "/exports/file/" in line]
        path = link.removeprefix(settings.SITE_URL)
        with time_machine.travel(MORNING + dt.timedelta(days=6)):
            response = client.get(path)
            assert response.status_code == 200
            text = b"".join(response.streaming_content).decode("utf-8-sig")
            assert rows_of(text)[0]["Order"] == order.external_id
            assert response["Content-Length"] == str(ExportRun.objects.get().size)
            assert client.get(path[:-3] + "x/").status_code == 404
            User.objects.filter(pk=accountant.pk).update(is_active=False)
            assert client.get(path).status_code == 404
            User.objects.filter(pk=accountant.pk).update(is_active=True)
        with time_machine.travel(MORNING + dt.timedelta(days=8)):
            assert client.get(path).status_code == 404

    def test_a_link_leads_to_the_file_of_that_time(
        self, accountant, account, settings, client, monkeypatch
    ):
        """Opened by scanners, previewers and ten people: made once, the same for all, then gone."""
        settings.EXPORT_MAIL_MB = 0
        OrderFactory(account=account)
        export = scheduled(accountant)
        sweep()
        OrderFactory(account=account)
        made = []
        monkeypatch.setattr("core.export.written", lambda *args: made.append(args) or iter([b""]))
        run = ExportRun.objects.get()
        with time_machine.travel(MORNING, tick=False):
            path = export_delivery.link_to(run).removeprefix(settings.SITE_URL)
            texts = [b"".join(client.get(path).streaming_content) for _ in range(3)]
            head = client.head(path)
            assert (head.status_code, head["Content-Type"]) == (200, "text/csv; charset=utf-8")
            assert head["Content-Length"] == str(len(texts[0]))
        assert len(set(texts)) == 1
        assert len(rows_of(texts[0].decode("utf-8-sig"))) == 1
        assert made == []
        kept = export_files.linked_path(run.pk)
        jobs.run_here("core.purge_export_runs")
        assert kept.exists()
        nine_days_ago = time.time() - 9 * 86_400
        os.utime(kept, (nine_days_ago, nine_days_ago))
        services.remove(export, by=accountant)  # the run goes with it, the file when its time comes
        jobs.run_here("core.purge_export_runs")
        assert not kept.exists()

    def test_a_file_that_is_gone_is_not_there(self, accountant, account, settings, client):
        settings.EXPORT_MAIL_MB = 0
        scheduled(accountant)
        sweep()
        run = ExportRun.objects.get()
        export_files.linked_path(run.pk).unlink()
        path = export_delivery.link_to(run).removeprefix(settings.SITE_URL)
        assert client.get(path).status_code == 404

    def test_without_a_mail_server_it_says_so(self, accountant, account, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
        scheduled(accountant)
        sweep()
        assert "No mail server" in ExportRun.objects.get().error


class TestDays:
    def test_since_the_file_before(self, accountant, account):
        day = dt.timedelta(days=1)
        for back in (3, 2, 1, 0):
            OrderFactory(account=account, ordered_at=MORNING - back * day)
        export = scheduled(accountant, covers="since")
        sweep()
        run = ExportRun.objects.get()
        assert (str(run.first_on), str(run.last_on)) == ("2026-03-03", "2026-03-03")
        assert run.rows == 1
        sweep(MORNING + 3 * day)  # two were missed; their days are in this one
        run = ExportRun.objects.latest("slot")
        assert (str(run.first_on), str(run.last_on)) == ("2026-03-04", "2026-03-06")
        export.refresh_from_db()
        assert str(export.covered_to) == "2026-03-06"

    def test_yesterday_stays_the_day_it_was(self, accountant, account, monkeypatch):
        OrderFactory(account=account, ordered_at=MORNING - dt.timedelta(days=1))
        scheduled(accountant, query="ordered_at=yesterday")
        refuse_mail(monkeypatch, smtplib.SMTPDataError(451, b"later"))
        sweep()
        monkeypatch.undo()
        sweep(MORNING + dt.timedelta(days=1, minutes=-60))
        assert ExportRun.objects.get().query == "ordered_at__between=2026-03-03..2026-03-03"
        assert ExportRun.objects.get().rows == 1

    def test_a_later_hour_of_the_same_day_sends_no_day_twice(self, accountant, account):
        export = scheduled(accountant, covers="since")
        sweep()
        with time_machine.travel(MORNING + dt.timedelta(hours=2), tick=False):
            services.change(export, by=accountant, **facts(covers="since", hour=10))
        sweep(MORNING + dt.timedelta(hours=5))
        export.refresh_from_db()
        assert export.next_at == MORNING + dt.timedelta(days=1, hours=4)
        sweep(MORNING + dt.timedelta(days=1, hours=5))
        days = ExportRun.objects.order_by("slot").values_list("first_on", "last_on")
        assert [tuple(map(str, both)) for both in days] == [
            ("2026-03-03", "2026-03-03"), ("2026-03-04", "2026-03-04"),
        ]  # fmt: skip

    def test_a_file_that_waits_keeps_its_days(self, accountant, account, monkeypatch):
        """Begun beside it, the next one would hold its days as well."""
        export = scheduled(accountant, covers="since")
        refuse_mail(monkeypatch, smtplib.SMTPDataError(451, b"later"))
        sweep()
        monkeypatch.undo()
        with time_machine.travel(MORNING + dt.timedelta(minutes=1), tick=False):
            services.change(export, by=accountant, **facts(covers="since", hour=7))
        sweep(MORNING + dt.timedelta(minutes=62))  # due, and the one before is tried again
        sweep(MORNING + dt.timedelta(minutes=67))
        assert [str(run.last_on) for run in ExportRun.objects.all()] == ["2026-03-03"]
        export.refresh_from_db()
        assert export.next_at == MORNING + dt.timedelta(days=1, hours=1)

    def test_weekly_files_hold_a_week(self, accountant, account):
        scheduled(accountant, covers="since", every="week", weekday=2)
        sweep()
        run = ExportRun.objects.get()
        assert (str(run.first_on), str(run.last_on)) == ("2026-02-25", "2026-03-03")


BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def raising(error):
    def act(self, *args, **kwargs):
        raise error

    return act


def refuse_mail(monkeypatch, error):
    monkeypatch.setattr(f"{BACKEND}.send_messages", raising(error))


class TestTrouble:
    def test_a_mail_server_that_is_away_is_tried_again(self, accountant, account, monkeypatch):
        scheduled(accountant)
        monkeypatch.setattr(f"{BACKEND}.open", raising(ConnectionRefusedError("no")))
        sweep()
        run = ExportRun.objects.get()
        assert (run.status, run.attempts, run.mailing_at) == ("waiting", 1, None)
        monkeypatch.undo()
        sweep(MORNING + dt.timedelta(minutes=4))
        assert mail.outbox == []
        sweep(MORNING + dt.timedelta(minutes=6))
        assert len(mail.outbox) == 1
        assert ExportRun.objects.get().status == "done"

    @pytest.mark.parametrize(
        "silence",
        [
            TimeoutError("timed out"), ConnectionResetError("reset"),
            smtplib.SMTPServerDisconnected("gone"),
        ],
    )  # fmt: skip
    def test_a_server_that_takes_the_mail_and_falls_silent(
        self, accountant, account, monkeypatch, silence
    ):
        def take(self, messages):
            mail.outbox.extend(messages)
            raise silence

        scheduled(accountant)
        monkeypatch.setattr(f"{BACKEND}.send_messages", take)
        for minutes in (0, 6, 30, 120, 300):
            sweep(MORNING + dt.timedelta(minutes=minutes))
        assert len(mail.outbox) == 1
        run = ExportRun.objects.get()
        assert run.status == "failed"
        assert "it may have arrived or not" in run.error

    def test_what_happens_after_the_mail_was_taken_sends_none(
        self, accountant, account, monkeypatch
    ):
        scheduled(accountant)
        monkeypatch.setattr(f"{BACKEND}.close", raising(TimeoutError("no answer to QUIT")))
        for minutes in (0, 6):
            sweep(MORNING + dt.timedelta(minutes=minutes))
        assert len(mail.outbox) == 1
        assert ExportRun.objects.get().status == "done"

    def test_after_four_attempts_a_person_must_look(self, accountant, account, monkeypatch):
        export = scheduled(accountant)
        assert probe().level is Level.OK
        refuse_mail(monkeypatch, smtplib.SMTPRecipientsRefused({"x": (550, b"no")}))
        for minutes in (0, 6, 30, 120, 300):
            sweep(MORNING + dt.timedelta(minutes=minutes))
        run = ExportRun.objects.get()
        assert (run.status, run.attempts) == ("failed", 4)
        assert AuditEntry.objects.filter(verb="export.failed").count() == 1
        told = probe()
        assert told.level is Level.WARN
        assert told.banner
        assert "“Daily orders”" in str(told.message)
        monkeypatch.undo()
        with time_machine.travel(MORNING + dt.timedelta(hours=6), tick=False):
            services.run_now(export, by=accountant)
            drain()
        assert len(mail.outbox) == 1
        assert probe().level is Level.OK

    def test_what_paper_cannot_hold_fails_at_once(self, accountant, account, monkeypatch):
        monkeypatch.setattr(printing, "MOST_ROWS", 0)
        OrderFactory(account=account)
        scheduled(accountant, kind="pdf")
        sweep()
        run = ExportRun.objects.get()
        assert run.status == "failed"
        assert "A PDF holds at most 0 rows" in run.error
        assert JobRun.objects.get(name="core.deliver_export").status == "failed"

    def test_a_filter_the_list_no_longer_knows(self, accountant, account):
        scheduled(accountant, query="status=melted")
        sweep()
        assert "no longer knows this filter" in ExportRun.objects.get().error
        assert mail.outbox == []


class Died(BaseException):
    """The worker is gone in this moment."""


def die_at(point, at=MORNING):
    with failpoints.armed(point, failpoints.raises(Died())), pytest.raises(Died):
        sweep(at)


class TestCrash:
    """A worker that dies anywhere: the next one goes on behind the last step that was written."""

    def test_before_the_mail_goes_out(self, accountant, account, folder):
        scheduled(accountant, to_folder=True)
        die_at("export.filed")
        sweep(MORNING + dt.timedelta(minutes=5))
        assert len(mail.outbox) == 1
        assert [path.name for path in folder.iterdir()] == ["Daily orders 2026-03-04.csv"]
        assert ExportRun.objects.get().status == "done"

    @pytest.mark.parametrize("point", ["export.mailing", "export.mailed"])
    def test_while_the_mail_goes_out_it_is_never_sent_twice(self, accountant, account, point):
        scheduled(accountant)
        die_at(point)
        went_out = len(mail.outbox)
        for minutes in (5, 10, 90):
            sweep(MORNING + dt.timedelta(minutes=minutes))
        assert len(mail.outbox) == went_out
        run = ExportRun.objects.get()
        assert run.status == "failed"
        assert "it may have arrived or not" in run.error

    def test_one_that_always_dies_is_given_up(self, accountant, account):
        scheduled(accountant, to_folder=True, emails=[])
        for minutes in range(0, 30, 5):
            with failpoints.armed("export.filed", failpoints.raises(Died())):
                try:
                    sweep(MORNING + dt.timedelta(minutes=minutes))
                except Died:
                    continue
        run = ExportRun.objects.get()
        assert run.status == "failed"
        assert "never came to an end" in run.error


class TestRights:
    def test_only_who_may(self, account):
        for role in (Role.PICKER, Role.PACKER, Role.VIEWER):
            with pytest.raises(PermissionDenied):
                services.schedule(PAGE, by=UserFactory(role=role), **facts())

    def test_an_owner_who_was_deactivated_pauses_it(self, accountant, account):
        export = scheduled(accountant)
        User.objects.filter(pk=accountant.pk).update(is_active=False)
        sweep(MORNING - dt.timedelta(hours=1))  # at once, not only when it is due
        export.refresh_from_db()
        assert export.is_paused
        assert "was deactivated" in export.pause_reason
        sweep()
        assert mail.outbox == []
        assert probe().level is Level.WARN
        entry = AuditEntry.objects.get(verb="export.paused")
        assert (entry.actor_id, entry.subject_label) == (None, "Daily orders")

    def test_an_owner_who_may_no_longer_pauses_it(self, accountant, account):
        export = scheduled(accountant)
        User.objects.filter(pk=accountant.pk).update(role=Role.VIEWER)
        sweep()
        export.refresh_from_db()
        assert mail.outbox == []
        assert "may no longer do this" in export.pause_reason

    def test_rights_that_end_between_asking_and_making(self, accountant, account, manager):
        export = scheduled(accountant)
        services.run_now(export, by=manager)
        User.objects.filter(pk=accountant.pk).update(role=Role.VIEWER)
        drain()
        assert ExportRun.objects.get().status == "failed"
        assert mail.outbox == []

    def test_who_edits_it_owns_it(self, accountant, account, manager):
        export = scheduled(accountant)
        User.objects.filter(pk=accountant.pk).update(is_active=False)
        sweep(MORNING - dt.timedelta(hours=1))
        export.refresh_from_db()
        with pytest.raises(RuleViolation, match="Edit it"):
            services.resume(export, by=manager)
        services.change(export, by=manager, **facts())
        services.resume(export, by=manager)
        export.refresh_from_db()
        assert export.owner == manager
        assert not export.is_paused


class TestTold:
    """Also of an export that is gone."""

    def test_who_sent_what_where(self, accountant, account, manager):
        OrderFactory(account=account)
        export = scheduled(accountant, to_folder=True, folder="books", emails=["a@shop.ro"])
        sweep()
        services.change(export, by=manager, **facts(emails=["b@shop.ro"]))
        services.remove(export, by=manager)
        told = {entry.verb: entry.changes for entry in AuditEntry.objects.all()}
        assert told["export.scheduled"] == {"emails": [[], ["a@shop.ro"]], "folder": ["", "books/"]}
        assert told["export.delivered"] == {
            "rows": ["", 1], "emails": [[], ["a@shop.ro"]], "folder": ["", "books/"],
        }  # fmt: skip
        assert told["export.changed"]["emails"] == [["a@shop.ro"], ["b@shop.ro"]]
        assert told["export.removed"] == {"emails": [["b@shop.ro"], ""]}


class TestFolder:
    def test_the_file_appears_whole_under_its_name(self, accountant, account, folder):
        OrderFactory(account=account)
        scheduled(accountant, to_folder=True, folder="accounting/daily", emails=[])
        sweep()
        [path] = (folder / "accounting" / "daily").iterdir()
        assert path.name == "Daily orders 2026-03-04.csv"
        assert len(rows_of(path.read_text(encoding="utf-8"))) == 1

    def test_without_a_day_in_its_name_it_is_replaced(self, accountant, account, folder):
        scheduled(accountant, to_folder=True, emails=[], file_name="latest")
        sweep()
        sweep(MORNING + dt.timedelta(days=1))
        assert [path.name for path in folder.iterdir()] == ["latest.csv"]

    def test_one_file_belongs_to_one_export(self, accountant, account, folder):
        """Two of one name would take their files away from each other without a word."""
        export = scheduled(accountant, to_folder=True, folder="Books", emails=[])
        for same in ({"folder": "books"}, {"name": "x", "file_name": "daily ORDERS {date}"}):
            with pytest.raises(RuleViolation, match="“Daily orders” writes this file already"):
                scheduled(accountant, **{"to_folder": True, "folder": "Books", **same})
        other = scheduled(accountant, to_folder=True, folder="Books", kind="xlsx")
        with pytest.raises(RuleViolation, match="writes this file already"):
            services.change(other, by=accountant, **facts(to_folder=True, folder="Books"))
        for its_own in ({"folder": ""}, {"file_name": "x"}, {"to_folder": False}):
            scheduled(accountant, **{"to_folder": True, "folder": "Books", **its_own})
        services.change(export, by=accountant, **facts(to_folder=True, folder="Books"))

    def test_two_that_write_at_once_do_not_mix(self, folder):
        """Hosts may share a folder, and two processes of two hosts may have one number."""

        def other():
            yield b"first "
            export_files.write("", "a.csv", [b"whole"])
            yield b"second"

        export_files.write("", "a.csv", other())
        assert (folder / "a.csv").read_bytes() == b"first second"
        assert [path.name for path in folder.iterdir()] == ["a.csv"]

    @pytest.mark.parametrize(
        "name",
        ["../out", "a/../../out", "..", ".ssh", "a\\b", "x\0y", "con", "~/x", "$HOME", "a/./b"],
    )
    def test_no_way_out(self, accountant, account, name):
        with pytest.raises(RuleViolation):
            scheduled(accountant, to_folder=True, folder=name)

    @pytest.mark.parametrize("name", ["/etc", "//etc//x/"])
    def test_an_absolute_path_is_one_below(self, accountant, account, name, folder):
        export = scheduled(accountant, to_folder=True, folder=name)
        assert export_files.folder_of(export.folder).is_relative_to(folder.resolve())

    def test_a_link_that_leads_out(self, accountant, account, folder, tmp_path):
        folder.mkdir()
        (tmp_path / "elsewhere").mkdir()
        scheduled(accountant, to_folder=True, folder="inside", emails=[])
        (folder / "inside").rmdir()
        (folder / "inside").symlink_to(tmp_path / "elsewhere")
        sweep()
        assert list((tmp_path / "elsewhere").iterdir()) == []
        assert "leads out" in ExportRun.objects.get().error

    @pytest.mark.parametrize("pattern", ["../x", "a/b", "{secret}", "{name.__class__}", "a\nb", ""])
    def test_bad_file_names(self, accountant, account, pattern):
        with pytest.raises(RuleViolation):
            scheduled(accountant, file_name=pattern)

    def test_a_name_cannot_smuggle_a_path(self):
        made = export_files.file_name("{name}", name="../../etc/passwd", day=MORNING, kind="csv")
        assert made == "etc-passwd.csv" or "/" not in made
        assert Path(made).name == made

    def test_nothing_is_left_of_a_file_that_broke_off(self, folder):
        def pieces():
            yield b"x"
            raise OSError("disk full")

        with pytest.raises(OSError, match="disk full"):
            export_files.write("", "a.csv", pieces())
        assert list(folder.iterdir()) == []

    def test_it_must_go_somewhere(self, accountant, account):
        with pytest.raises(RuleViolation, match="where it goes"):
            scheduled(accountant, emails=[])


class TestPages:
    def test_from_the_list_to_the_mail(self, account):
        owner = UserFactory(role=Role.MANAGER)
        client = signed_in(owner)
        OrderFactory(account=account)
        menu = client.get("/orders/?_panel=export&status=new").content.decode()
        state = menu.split('name="state" value="')[1].split('"')[0]
        page = client.get("/exports/add/", {"state": state}).content.decode()
        assert "Status New" in page
        form = {
            "state": state, "name": "New ones", "selection": "as_it_is", "covers": "all",
            "kind": "xlsx", "every": "week", "weekday": "4", "month_day": "1", "hour": "7",
            "emails": "a@shop.ro, b@shop.ro", "details": "lines", "file_name": "{name} {date}",
        }  # fmt: skip
        response = client.post("/exports/add/", form)
        export = ScheduledExport.objects.get()
        assert response["Location"] == export.get_absolute_url()
        assert (export.query, export.details) == ("status=new", "lines")
        assert export.emails == ["a@shop.ro", "b@shop.ro"]
        shown = client.get(export.get_absolute_url()).content.decode()
        for words in ("Every Friday at 07:00", "Orders: Lines, Excel file", "a@shop.ro"):
            assert words in shown
        client.post(reverse("core:scheduled_export_run", args=[export.pk]))
        drain()
        assert mail.outbox[0].attachments[0][0].endswith(".xlsx")
        assert "Delivered" in client.get(LIST).content.decode()

    def test_wrong_input_stays_in_the_form(self, accountant):
        form = {"name": "x", "emails": "nobody", "selection": "as_it_is"}
        response = signed_in(accountant).post("/exports/add/", form)
        assert response.status_code == 422
        text = response.content.decode()
        assert "“nobody” is no email address." in text
        assert "nobody</textarea>" in text

    def test_pause_resume_edit_remove(self, accountant, account):
        client = signed_in(accountant)
        export = scheduled(accountant)
        client.post(reverse("core:scheduled_export_pause", args=[export.pk]))
        sweep()
        assert mail.outbox == []
        client.post(reverse("core:scheduled_export_resume", args=[export.pk]))
        export.refresh_from_db()
        assert not export.is_paused
        assert export.next_at > MORNING
        edit = reverse("core:scheduled_export_edit", args=[export.pk])
        assert "boss@shop.ro" in client.get(edit).content.decode()
        client.post(reverse("core:scheduled_export_remove", args=[export.pk]))
        assert not ScheduledExport.objects.exists()
        assert client.get(export.get_absolute_url()).status_code == 404

    def test_two_who_edit_at_once(self, accountant, account, manager):
        """The second is told what the first did, keeps what was typed, and may save it then."""
        export = scheduled(accountant)
        edit = reverse("core:scheduled_export_edit", args=[export.pk])
        form = {
            "stamp": export.stamp, "name": "Daily orders", "selection": "as_it_is",
            "covers": "all", "details": "main", "kind": "csv", "every": "day", "weekday": "0",
            "month_day": "1", "hour": "6", "file_name": "{name} {date}",
        }  # fmt: skip
        assert f'value="{export.stamp}"' in signed_in(manager).get(edit).content.decode()
        first = {**form, "emails": "first@shop.ro", "hour": "9"}
        assert signed_in(accountant).post(edit, first).status_code == 302
        second = {**form, "emails": "second@shop.ro"}
        response = signed_in(manager).post(edit, second)
        export.refresh_from_db()
        assert (response.status_code, export.emails) == (409, ["first@shop.ro"])
        assert export.owner == accountant
        page = response.content.decode()
        assert "was changed by somebody else" in page
        assert "second@shop.ro</textarea>" in page
        told = set(re.findall("Stored now: ([^<]*)", page))
        assert told == {"first@shop.ro", "09:00"}
        stamp = page.split('name="stamp" value="')[1].split('"')[0]
        assert signed_in(manager).post(edit, {**second, "stamp": stamp}).status_code == 302
        export.refresh_from_db()
        assert (export.emails, export.owner) == (["second@shop.ro"], manager)

    @pytest.mark.parametrize("role", [Role.PICKER, Role.PACKER, Role.VIEWER])
    def test_nobody_else_gets_in(self, accountant, account, role):
        export = scheduled(accountant)
        client = signed_in(UserFactory(role=role))
        for name in ("edit", "page"):
            address = reverse(f"core:scheduled_export_{name}", args=[export.pk])
            assert client.get(address).status_code == 403
        for name in ("run", "pause", "resume", "remove"):
            address = reverse(f"core:scheduled_export_{name}", args=[export.pk])
            assert client.post(address).status_code == 403
        assert client.get(LIST).status_code == 403
        assert client.get("/exports/add/").status_code == 403

    def test_the_list_costs_the_same_for_many(self, accountant, account, django_assert_num_queries):
        for number in range(5):
            scheduled(accountant, name=f"Number {number}")
        client = signed_in(accountant)
        client.get("/exports/")
        with django_assert_num_queries(3):
            page = client.get("/exports/").content.decode()
        assert page.count("Number ") >= 5
