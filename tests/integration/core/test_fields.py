"""Columns for searching and for secrets."""

import copy
import json
import pickle
from datetime import datetime
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from django import forms
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import isolate_apps

from core import crypto, fields, search_index
from core.crypto import KeyMissing
from core.fields import EncryptedTextField, SearchTextField, Secret
from core.text import fold

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def apps_of_test():
    """Something with get_models(), as django.apps has."""
    with isolate_apps():

        class Shop(models.Model):
            name = models.CharField(max_length=50)

            class Meta:
                app_label = "core"
                db_table = "try_shop"

            def __str__(self):
                return self.name

        class Login(models.Model):
            shop = models.ForeignKey(Shop, models.CASCADE)
            user = models.CharField(max_length=50)
            born_at = models.DateTimeField(null=True)
            password = EncryptedTextField(blank=True)
            token = EncryptedTextField(null=True)
            search_text = SearchTextField(sources=["user", "shop.name", "extra"])
            extra = "always"

            class Meta:
                app_label = "core"
                db_table = "try_login"

            def __str__(self):
                return self.user

        yield SimpleNamespace(get_models=lambda: [Shop, Login])


@pytest.fixture
def shop_and_login(apps_of_test, db):
    models_made = apps_of_test.get_models()
    with connection.schema_editor() as editor:
        for model in models_made:
            editor.create_model(model)
    return models_made


@pytest.fixture
def login(shop_and_login, settings):
    settings.FIELD_KEY = OLD
    shop_model, login_model = shop_and_login
    shop = shop_model.objects.create(name="Țesături SRL")
    return login_model.objects.create(shop=shop, user="Ștefan", password="geheim", token="tok-1")


def stored(column, login):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM try_login WHERE id = %s", [login.pk])
        return cursor.fetchone()[0]


def again(login):
    return type(login).objects.get(pk=login.pk)


# --- Secrets ----------------------------------------------------------------------------------


def test_it_works(login):
    assert stored("password", login).startswith("v1:gAAAA")
    assert "geheim" not in stored("password", login)
    assert again(login).password.reveal() == "geheim"
    assert again(login).search_text == "stefan tesaturi srl always"


def test_a_secret_does_not_show_itself(login):
    for secret in (again(login).password, Secret("geheim")):
        shown = [str(secret), repr(secret), f"{secret}", f"{secret!r}", format(secret)]
        assert all("geheim" not in text for text in shown)
        assert "•••" in shown[0]
        with pytest.raises(TypeError):
            secret + "x"
    assert str(Secret()) == ""
    assert "geheim" not in repr(vars(again(login)))
    assert "geheim" not in str(list(type(login).objects.values("password")))


def test_it_is_a_secret_before_it_is_saved(login):
    login.password = "new"
    assert isinstance(login.password, Secret)
    assert "new" not in repr(login.__dict__)
    login.save()
    assert again(login).password.reveal() == "new"
    assert type(login)(password="x").password.reveal() == "x"


def test_saving_something_else_leaves_the_secret_as_it_lies(login):
    before = stored("password", login)
    found = again(login)
    found.user = "Ana"
    found.save()
    assert stored("password", found) == before


def test_the_same_secret_is_never_stored_alike(login):
    before = stored("password", login)
    login.password = "geheim"
    login.save()
    assert stored("password", login) != before
    assert again(login).password == Secret("geheim")
    assert again(login).password != Secret("other")
    assert again(login).password != "geheim"
    with pytest.raises(TypeError):
        hash(login.password)


def test_bulk_and_update_encrypt_as_well(login):
    model = type(login)
    made = model.objects.bulk_create([model(shop=login.shop, user="b", password="bulk")])
    assert again(made[0]).password.reveal() == "bulk"
    model.objects.filter(pk=login.pk).update(password="updated")
    assert "updated" not in stored("password", login)
    assert again(login).password.reveal() == "updated"
    login.password = "in bulk"
    model.objects.bulk_update([login], ["password"])
    assert again(login).password.reveal() == "in bulk"


def test_empty_and_none_stay_what_they_are(login):
    login.password, login.token = "", None
    login.save()
    assert (stored("password", login), stored("token", login)) == ("", None)
    found = again(login)
    assert not found.password
    assert found.password.reveal() == ""
    assert found.token is None


def test_whether_there_is_one_can_be_asked(login):
    model = type(login)
    without = model.objects.create(shop=login.shop, user="x")
    assert list(model.objects.exclude(password="")) == [login]
    assert list(model.objects.filter(token__isnull=True)) == [without]


@pytest.mark.parametrize(
    "question", [{"password": "geheim"}, {"password__contains": "g"}, {"password__in": ["geheim"]}]
)
def test_what_it_is_cannot_be_asked(login, question):
    with pytest.raises(FieldError):
        list(type(login).objects.filter(**question))


def test_without_its_key_a_row_loads_and_only_the_secret_is_missing(login, settings):
    settings.FIELD_KEY = NEW
    found = again(login)
    assert found.user == "Ștefan"
    assert found.password, "there is one"
    with pytest.raises(KeyMissing, match="another key") as caught:
        found.password.reveal()
    assert caught.value.code == "field_key"
    found.user = "Ana"
    found.save()
    found.password = "entered again"
    found.save()
    assert again(found).password.reveal() == "entered again"


@pytest.mark.parametrize("damage", ["v1:gAAAAABnonsense", "plain", "v2:xyz", "v1:ü"])
def test_a_damaged_secret_is_no_garbage(login, damage):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE try_login SET password = %s", [damage])
    with pytest.raises(KeyMissing):
        again(login).password.reveal()


def test_a_new_key_and_then_only_the_new_one(login, settings, monkeypatch, apps_of_test, capsys):
    monkeypatch.setattr(fields, "apps", apps_of_test)
    settings.FIELD_KEY = f"{NEW}, {OLD}"
    assert again(login).password.reveal() == "geheim"
    call_command("rotate_field_key")
    assert "2 secrets" in capsys.readouterr().out
    assert fields.reencrypt() == 0, "done is done"
    settings.FIELD_KEY = NEW
    assert again(login).password.reveal() == "geheim"
    assert again(login).token.reveal() == "tok-1"


def test_rotation_stops_at_a_secret_it_cannot_read(login, settings, monkeypatch, apps_of_test):
    monkeypatch.setattr(fields, "apps", apps_of_test)
    settings.FIELD_KEY = NEW
    with pytest.raises(CommandError, match="another key"):
        call_command("rotate_field_key")


def test_a_key_that_is_none():
    with pytest.raises(ImproperlyConfigured, match="32 random bytes"):
        crypto._boxes("too short")


def test_copies_and_pickles_hold_it_encrypted(login):
    assert copy.deepcopy(again(login).password).reveal() == "geheim"
    pickled = pickle.dumps(Secret("geheim"))
    assert b"geheim" not in pickled
    assert pickle.loads(pickled).reveal() == "geheim"


def test_fixtures_hold_it_encrypted(login):
    [row] = json.loads(serializers.serialize("json", [login]))
    assert "geheim" not in str(row)
    field = type(login)._meta.get_field("password")
    assert field.to_python(row["fields"]["password"]).reveal() == "geheim"
    assert field.to_python("typed by a person").reveal() == "typed by a person"


def test_forms_do_not_show_it_and_keep_it_when_left_empty(login):
    form_class = forms.modelform_factory(type(login), fields=["user", "password"])
    form = form_class(instance=again(login))
    html = form.as_p()
    assert "geheim" not in html
    assert 'type="password"' in html
    form = form_class({"user": "Ana", "password": ""}, instance=again(login))
    form.save(commit=False)
    assert form.instance.password.reveal() == "geheim"
    form = form_class({"user": "Ana", "password": "new"}, instance=again(login))
    form.save(commit=False)
    assert form.instance.password.reveal() == "new"


def test_deferred_and_refreshed(login):
    found = type(login).objects.defer("password").get(pk=login.pk)
    assert found.password.reveal() == "geheim"
    found.refresh_from_db()
    assert found.password.reveal() == "geheim"


# --- Searching --------------------------------------------------------------------------------


def test_it_follows_its_sources(login):
    login.user = "Ángel"
    login.save()
    assert again(login).search_text == "angel tesaturi srl always"
    made = type(login).objects.bulk_create([type(login)(shop=login.shop, user="ȘOSETE")])
    assert type(login).objects.get(search_text__contains=fold("Șosete")) == made[0]


def test_half_a_save_is_refused(login):
    login.user = "Ana"
    with pytest.raises(FieldError, match="search_text"):
        login.save(update_fields=["user"])
    with pytest.raises(FieldError, match="shop"):
        login.save(update_fields=["shop"])
    login.save(update_fields=["user", "search_text"])
    assert "ana" in again(login).search_text
    login.born_at = datetime.fromisoformat("2026-01-01T00:00:00Z")
    login.save(update_fields=["born_at"])


def test_migrations_do_not_depend_on_the_sources(login):
    field = type(login)._meta.get_field("search_text")
    assert "sources" not in field.deconstruct()[3]
    assert field.clone().sources == ()


@isolate_apps()
def test_in_a_migration_the_column_keeps_its_text(login):
    class Login(models.Model):
        user = models.CharField(max_length=50)
        shop_id = models.IntegerField()
        search_text = SearchTextField()

        class Meta:
            app_label = "core"
            db_table = "try_login"

        def __str__(self):
            return self.user

    row = Login.objects.get(pk=login.pk)
    row.user = "renamed by a migration"
    row.save()
    assert again(login).search_text == "stefan tesaturi srl always"


def test_the_index_is_made_once_and_used(login, monkeypatch, apps_of_test):
    monkeypatch.setattr(search_index, "apps", apps_of_test)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the new row blocks the index
    assert search_index.ensure_search_indexes() == ["try_login_search_text_trgm"]
    assert search_index.ensure_search_indexes() == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM try_login WHERE search_text LIKE '%tesaturi%'")
        assert "trgm" in str(cursor.fetchall())


def test_without_the_extension_searching_still_works(login, monkeypatch, apps_of_test):
    monkeypatch.setattr(search_index, "apps", apps_of_test)
    monkeypatch.setattr(search_index, "EXTENSION", "no_such_extension")
    assert search_index.ensure_search_indexes() == []
    assert type(login).objects.filter(search_text__contains="tesat").count() == 1
