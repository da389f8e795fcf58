"""What a first run makes and keeps: owner, static files, mails; and how it is reached."""

import json
import logging
import socket

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import override_settings

from accounts.choices import Role
from accounts.models import User
from magflow import logs
from magflow.mail import FolderBackend
from ops import first_run, launch, static_files


@pytest.mark.django_db
def test_it_works():
    person, password = first_run.welcome("owner@example.com", with_demo=True)
    assert person.role == Role.OWNER
    assert User.objects.get(email="owner@example.com").check_password(password)
    assert first_run.owner() == person
    assert User.objects.count() > 3  # some people of the demo world


@pytest.mark.django_db(transaction=True)
def test_a_first_run_that_breaks_leaves_nobody(monkeypatch):
    """Else the next start would find an owner whose password nobody was told."""

    def fill(**more):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(first_run.demo, "fill", fill)
    with pytest.raises(RuntimeError):
        first_run.welcome("owner@example.com", with_demo=True)
    assert not User.objects.exists()


def test_passwords_are_typeable_and_never_the_same():
    made = {first_run.random_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert [len(group) for group in password.split("-")] == [4, 4, 4, 4]
        assert not set(password) & set("O0oIl1i")


# --- Static files ---------------------------------------------------------------------------------
MANIFEST = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}


@pytest.fixture
def static(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "page.css").write_text("body { color: red }")
    finders = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    with override_settings(
        STATIC_ROOT=tmp_path / "root",
        STATICFILES_DIRS=[source],
        STATICFILES_FINDERS=finders,
        STORAGES=MANIFEST,
    ):
        from django.contrib.staticfiles.finders import get_finder

        get_finder.cache_clear()
        yield source, tmp_path / "root"
        get_finder.cache_clear()


def names(root):
    return json.loads((root / "staticfiles.json").read_text())["paths"]


def test_static_files_are_collected_once(static):
    source, root = static
    assert static_files.collect() is True
    first = names(root)["page.css"]
    assert (root / first).exists()
    assert static_files.collect() is False
    (source / "page.css").write_text("body { color: rebeccapurple }")
    assert static_files.collect() is True
    assert names(root)["page.css"] != first
    assert not (root / first).exists()  # what is old does not pile up


def test_a_collection_that_was_cut_off_is_done_again(static):
    _source, root = static
    static_files.collect()
    (root / "staticfiles.json").unlink()
    assert static_files.collect() is True
    assert "page.css" in names(root)


# --- Where it is reached --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("::", "http://localhost:8000"),
        ("192.168.1.5", "http://192.168.1.5:8000"),
        ("fd00::5", "http://[fd00::5]:8000"),
        ("shop.lan", "http://shop.lan:8000"),
    ],
)
def test_address(host, address):
    assert launch.address(host, 8000) == address


def test_only_a_machine_that_listens_everywhere_answers_to_all_its_names():
    assert launch.own_names("127.0.0.1") == ["localhost", "127.0.0.1", "[::1]"]
    assert launch.own_names("fd00::5")[-1] == "[fd00::5]"
    assert socket.gethostname() in launch.own_names("0.0.0.0")


# --- Mails and logs -------------------------------------------------------------------------------
def test_mails_are_kept_where_their_links_can_be_read(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(FolderBackend, "folder", tmp_path / "mail")
    link = "https://localhost:8000/invitation/" + "x" * 100
    mail = EmailMultiAlternatives("Invitație", f"Bună!\n{link}", "a@b.ro", ["Ana@Exemplu.ro"])
    mail.attach_alternative("<p>Bună!</p>", "text/html")
    with caplog.at_level(logging.INFO, "magflow.mail"):
        assert FolderBackend().send_messages([mail, mail]) == 2
    first, second = sorted((tmp_path / "mail").iterdir())
    assert first.name.endswith("-ana-exemplu-ro.txt")
    assert first.read_text() == second.read_text()
    assert "Subject: Invitație\n" in first.read_text()
    assert link in first.read_text()
    assert f"Mail to Ana@Exemplu.ro kept in {first}" in caplog.text
    assert (tmp_path / "mail").stat().st_mode & 0o777 == 0o700


def line(formatter, **more):
    record = logging.LogRecord("magflow", logging.WARNING, "", 1, "Ș %s", ("ok",), None)
    for name, value in more.items():
        setattr(record, name, value)
    logs.RequestFilter().filter(record)
    return formatter.format(record)


def test_log_lines_name_their_request():
    from core import audit

    plain = logging.Formatter(logs.PLAIN)
    assert line(plain).endswith("WARNING magflow Ș ok")
    with audit.acting(source="page", request_id="abc-123"):
        assert line(plain).endswith("Ș ok [abc-123]")
        told = json.loads(line(logs.JsonFormatter()))
    assert told["request_id"] == "abc-123"
    assert told["message"] == "Ș ok"
    assert told["level"] == "warning"
    assert "request_id" not in json.loads(line(logs.JsonFormatter()))


def test_json_lines_hold_the_traceback():
    try:
        raise ValueError("broken on purpose")
    except ValueError as error:
        told = json.loads(line(logs.JsonFormatter(), exc_info=(ValueError, error, None)))
    assert "broken on purpose" in told["error"]


@pytest.mark.parametrize(("level", "is_told"), [(logging.WARNING, False), (logging.ERROR, True)])
def test_a_refused_page_is_a_line_and_a_fault_a_traceback(level, is_told):
    failure = {"name": "django.request", "levelno": level, "exc_info": (ValueError, None, None)}
    assert ("error" in json.loads(line(logs.JsonFormatter(), **failure))) is is_told


@pytest.mark.django_db
def test_every_response_keeps_other_sites_out(client):
    response = client.get("/health/")
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in response.headers["Permissions-Policy"]


@pytest.mark.django_db
def test_health(client, monkeypatch):
    assert client.get("/health/").content == b"ok\n"


def test_health_without_a_database(client, monkeypatch):
    from django.db import OperationalError

    from magflow import health

    class Broken:
        def cursor(self):
            raise OperationalError

    monkeypatch.setattr(health, "connection", Broken())
    response = client.get("/health/")
    assert response.status_code == 503
    assert response.headers["Cache-Control"].startswith("max-age=0, no-cache")
