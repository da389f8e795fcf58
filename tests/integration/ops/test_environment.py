"""Settings from the environment: typed, from files, and every mistake in one answer."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.db import connection

from magflow import environment
from magflow.environment import BASE_DIR
from magflow.refusal import Exit, Refused

GOOD = {
    "SITE_URL": "https://erp.example.com",
    "ALLOWED_HOSTS": "erp.example.com",
    "SECRET_KEY": environment.make_secret_key(),
    "FIELD_KEY": environment.make_field_key(),
    "DATABASE_URL": "postgres://magflow@db.example.com/magflow",
}
SHOW = """
import json
from django.conf import settings
names = ["PRODUCTION", "DEBUG", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_NAME", "CSRF_COOKIE_SECURE",
         "SECURE_PROXY_SSL_HEADER", "DATABASES", "EMAIL_BACKEND"]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def settings_with(tmp_path, **values):
    """What a fresh process makes of an environment that holds only these values."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=BASE_DIR,
        env={**kept, "DJANGO_SETTINGS_MODULE": "magflow.settings", **values},
        capture_output=True,
        text=True,
    )


def read(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return environment.Environment()


def test_it_works(tmp_path):
    done = settings_with(tmp_path, **GOOD)
    assert done.returncode == 0, done.stderr
    settings = json.loads(done.stdout)
    assert settings["PRODUCTION"] is True
    assert settings["DEBUG"] is False
    assert settings["SECURE_SSL_REDIRECT"] is True
    assert settings["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert settings["CSRF_COOKIE_SECURE"] is True
    assert settings["SECURE_PROXY_SSL_HEADER"] is None
    assert settings["DATABASES"]["default"]["HOST"] == "db.example.com"
    assert settings["EMAIL_BACKEND"].endswith("dummy.EmailBackend")


def test_everything_wrong_is_told_at_once(tmp_path):
    wrong = {
        "SITE_URL": "https://erp.example.com",
        "SECRET_KEY": "short",
        "FIELD_KEY": "not-a-key",
        "DATABASE_URL": "mysql://root@localhost/shop",
        "WORKERS": "two",
        "DEBUG": "maybe",
        "LOG_LEVEL": "LOUD",
        "EMAIL_URL": "pigeon://roof",
    }
    done = settings_with(tmp_path, **wrong)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for words in (
        "SECRET_KEY is too weak",
        "FIELD_KEY is no encryption key",
        "DATABASE_URL is no PostgreSQL address",
        'WORKERS is "two", but a whole number is expected',
        'DEBUG is "maybe", but true or false is expected',
        'LOG_LEVEL is "LOUD", but one of DEBUG, INFO, WARNING, ERROR is expected',
        "EMAIL_URL is no mail server",
        "ALLOWED_HOSTS is not set",
    ):
        assert words in done.stderr
    assert "short" not in done.stderr.replace("too short", "")  # secrets are not repeated


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"SITE_URL"}))
def test_production_needs(tmp_path, name):
    done = settings_with(tmp_path, **{**GOOD, name: ""})
    assert done.returncode == 1
    assert f"{name} is not set" in done.stderr


def test_secrets_from_files(tmp_path):
    (tmp_path / "key").write_text(GOOD["SECRET_KEY"] + "\n")
    values = {**GOOD, "SECRET_KEY_FILE": str(tmp_path / "key")}
    del values["SECRET_KEY"]
    assert settings_with(tmp_path, **values).returncode == 0
    values["SECRET_KEY_FILE"] = str(tmp_path / "nothing")
    done = settings_with(tmp_path, **values)
    assert done.returncode == 1
    assert (
        "SECRET_KEY_FILE names a file that cannot be read (No such file or directory)"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("word", "expected"),
    [("true", True), ("Yes", True), ("on", True), ("1", True), ("false", False), ("0", False)],
)
def test_truth(monkeypatch, word, expected):
    env = read(monkeypatch, DB_POOL=word)
    assert env.bool("DB_POOL", default=not expected) is expected
    env.refuse_if_wrong()


def test_an_empty_value_is_the_default(monkeypatch):
    env = read(monkeypatch, WORKERS="", EMAIL_URL=" ", DEBUG="")
    assert env.int("WORKERS", default=2) == 2
    assert env.str("EMAIL_URL", default="dummymail://") == "dummymail://"
    assert env.bool("DEBUG", default=False) is False
    env.refuse_if_wrong()


@pytest.mark.parametrize(
    "address",
    [
        "erp.example.com",
        "ftp://erp.example.com",
        "https://",
        "https://a.example/erp",
        "https://a:b",
    ],
)
def test_site_is_an_address(monkeypatch, address):
    env = read(monkeypatch, SITE_URL=address)
    assert env.site("SITE_URL", default="http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    with pytest.raises(Refused) as refused:
        env.refuse_if_wrong()
    assert refused.value.status == Exit.WRONG_SETTINGS
    assert f'SITE_URL is "{address}"' in refused.value.sentence


def test_a_misspelt_name_in_dotenv_is_found(monkeypatch):
    monkeypatch.setattr(environment, "DOTENV_NAMES", {"ALOWED_HOSTS", "SECRET_KEY_FILE", "PORT"})
    env = read(monkeypatch)
    env.list("ALLOWED_HOSTS", default=[])
    env.str("SECRET_KEY", default="")
    with pytest.raises(Refused, match=r"ALOWED_HOSTS in \.env is not a setting; did you mean ALL"):
        env.refuse_if_wrong()


@pytest.mark.parametrize(
    ("address", "host", "port", "name"),
    [
        ("postgres://me:pw@db.example.com:5433/shop", "db.example.com", 5433, "shop"),
        ("postgres://me@%2Fvar%2Frun%2FPostgreSQL/shop", "/var/run/PostgreSQL", "", "shop"),
        ("postgres://me@%2Ftmp:5433/shop", "/tmp", "5433", "shop"),
        ("postgres://me@//var/run/postgresql/shop", "/var/run/postgresql", "", "shop"),
        ("postgres:///shop", "", "", "shop"),
    ],
)
def test_database_addresses(address, host, port, name):
    """All forms that PostgreSQL's own programs and other Django sites know."""
    config = environment.Environment.database_config(address)
    assert (config["HOST"], config["PORT"], config["NAME"]) == (host, port, name)
    assert config["ENGINE"] == "django.db.backends.postgresql"


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("postgres://me@db/shop", "-c jit=off"),
        ("postgres://me@db/shop?sslmode=require", "-c jit=off"),
        ("postgres://me@db/shop?options=-c%20work_mem%3D8MB", "-c work_mem=8MB"),
    ],
)
def test_statements_are_not_compiled(address, options):
    assert environment.Environment.database_config(address)["OPTIONS"]["options"] == options


@pytest.mark.django_db
def test_and_every_connection_says_so():
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


def test_several_field_keys(monkeypatch):
    new, old = environment.make_field_key(), environment.make_field_key()
    assert environment.check_field_key(f"{new},{old}") == ""
    assert environment.check_field_key(f"{new},{old[:-4]}") != ""


def test_a_local_key_is_made_once_and_private(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "VAR_DIR", tmp_path / "var")
    first = environment.local_key("FIELD_KEY", environment.make_field_key)
    assert environment.local_key("FIELD_KEY", environment.make_field_key) == first
    path = tmp_path / "var" / "field_key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["field_key"]


def test_every_setting_is_explained():
    """.env.example names each setting that is read, and none that is not."""
    example = (BASE_DIR / ".env.example").read_text()
    explained = set(re.findall(r"(?m)^#([A-Z_]+)=", example))
    source = (BASE_DIR / "magflow" / "settings.py").read_text()
    read_there = set(re.findall(r'env\.[a-z_]+\(\s*"([A-Z_]+)"', source))
    assert explained - environment.ELSEWHERE == read_there


def test_every_exit_code_is_explained():
    table = (BASE_DIR / "docs" / "operations.md").read_text()
    explained = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", table)}
    assert explained == {int(code) for code in Exit}
