"""English and Romanian, complete: every text is in the catalogue, translated, and compiled."""

import datetime
import gettext
from decimal import Decimal
from io import StringIO

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.template import Context, Engine, Template
from django.urls import get_resolver
from django.utils import formats, timezone, translation
from django.utils.functional import Promise
from django.utils.translation import trans_real

from core import html
from core.audit_words import told
from core.clock import Clock
from core.context import counts_key
from core.management import catalogue, library_texts, source_texts
from core.management.source_texts import Text, texts_of_python, texts_of_template
from tests import unwrapped

FILES = list(source_texts.source_files())
# The page of components for those who build pages; it exists only with DEBUG on.
UI_KIT = ("core/views/ui_kit.py", "templates/core/ui_kit/")
# The simulated eMAG is a tool for those who build and practise; it speaks English.
NOT_TRANSLATED = (*UI_KIT, "emag/simulator/")


def relative(path):
    return path.relative_to(settings.BASE_DIR).as_posix()


def own_files(suffix):
    return [
        path
        for path in FILES
        if path.suffix == suffix and not relative(path).startswith(NOT_TRANSLATED)
    ]


# --- The texts of the product -----------------------------------------------------------------


@pytest.fixture(scope="module")
def own_texts():
    return source_texts.texts_of_project()


@pytest.mark.parametrize("language", catalogue.languages())
def test_the_catalogue_is_complete(language, own_texts):
    assert len(own_texts) > 500
    found = [*own_texts, *library_texts.texts_of_libraries(language)]
    assert list(catalogue.problems(catalogue.read(language), found)) == []


def test_no_text_has_two_plurals(own_texts):
    assert source_texts.conflicts(own_texts) == []


def test_libraries_speak_romanian_too():
    """Texts they leave in English, and texts of theirs that we replace."""
    with translation.override("ro"):
        assert (
            translation.gettext("Enter a valid domain name.") == "Scrie un nume de domeniu valid."
        )
        assert translation.gettext("This field is required.") == "Completează acest câmp."
        assert translation.gettext("January") == "ianuarie"


def test_templates_show_no_words_that_cannot_be_translated():
    found = [
        f"{relative(path)}:{line}: {words}"
        for suffix in (".html", ".txt")
        for path in own_files(suffix)
        for line, words in unwrapped.in_template(path.read_text(), is_html=suffix == ".html")
    ]
    assert found == []


def test_python_says_no_words_that_cannot_be_translated():
    found = [
        f"{relative(path)}:{line}: {words}"
        for path in own_files(".py")
        for line, words in unwrapped.in_python(path.read_text())
    ]
    assert found == []


def test_scripts_take_their_words_from_the_page():
    scripts = sorted((settings.BASE_DIR / "static/js").rglob("*.js"))
    assert scripts
    found = [f"{p.name}: {text}" for p in scripts for text in unwrapped.in_script(p.read_text())]
    assert found == []


def test_records_in_the_admin_have_translated_names():
    assert get_resolver().url_patterns  # registers every admin
    found = []
    for model, page in admin.site._registry.items():
        if not (settings.BASE_DIR / model.__module__.partition(".")[0]).is_dir():
            continue  # a library's record; its words are the library's
        shown = page.fields or [
            f.name for f in model._meta.fields if f.name not in (page.exclude or ())
        ]
        fields = [
            f
            for f in model._meta.fields
            if f.name in {*shown, *page.list_display} and not f.primary_key
        ]
        found += [
            f"{model._meta.label}.{f.name}"
            for f in fields
            if not isinstance(f.verbose_name, Promise)
        ]
        if not isinstance(model._meta.verbose_name_plural, Promise):
            found.append(model._meta.label)
    assert found == []


# --- Two readers, two languages, one process --------------------------------------------------


def in_both(say):
    with translation.override("ro"):
        romanian = say()
    with translation.override("en"):
        return romanian, say()


def test_a_template_keeps_no_words_of_its_first_reader():
    icon = Template('{% icon "check" "" _("Yes") %}')
    romanian, english = in_both(lambda: icon.render(Context()))
    assert 'aria-label="Da"' in romanian
    assert 'aria-label="Yes"' in english


def test_banners_are_kept_for_each_language():
    romanian, english = in_both(lambda: counts_key(AnonymousUser()))
    assert romanian != english


def test_an_audit_entry_is_told_in_the_words_of_the_forms():
    changes = {"role": ["picker", "packer"], "is_active": [True, False], "gone": ["", "x"]}
    romanian, english = in_both(lambda: told("accounts.user", changes))
    assert romanian == [
        ("rol", "Culegător", "Ambalator"),
        ("activ", "Da", "Nu"),
        ("gone", "–", "x"),
    ]
    assert english == [
        ("role", "Picker", "Packer"),
        ("active", "Yes", "No"),
        ("gone", "–", "x"),
    ]
    assert told("no.such", {"name": [None, ["a", "b"]]}) == [("name", "–", "a, b")]


def test_months_and_days_are_written_as_each_language_does():
    moment = datetime.datetime(2026, 11, 25, 14, 5, 9, tzinfo=datetime.UTC)
    with timezone.override(datetime.UTC):
        assert in_both(lambda: Clock(moment).exact(moment)) == (
            "25 nov 2026, 14:05:09",
            "25 Nov 2026, 14:05:09",
        )
        later = moment + datetime.timedelta(days=3)
        assert in_both(lambda: Clock(later).relative(moment)) == ("mie 14:05", "Wed 14:05")


# --- Numbers and dates ------------------------------------------------------------------------


def test_romanian_dates_and_numbers():
    day = datetime.date(2026, 11, 25)
    with translation.override("ro"):
        assert formats.date_format(day) == "25 noiembrie 2026"
        assert formats.date_format(day, "SHORT_DATE_FORMAT") == "25.11.2026"
        assert formats.date_format(day, "l, j F") == "miercuri, 25 noiembrie"
        assert formats.localize(Decimal("1234.50"), use_l10n=True) == "1234,50"
        assert html.number(Decimal("1234.50"), 2) == "1.234,50"
        assert html.money(Decimal("1234.50")).startswith("1.234,50")


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "0 rânduri"),
        (1, "1 rând"),
        (2, "2 rânduri"),
        (19, "19 rânduri"),
        (20, "20 de rânduri"),
        (100, "100 de rânduri"),
        (101, "101 rânduri"),
        (119, "119 rânduri"),
        (120, "120 de rânduri"),
    ],
)
def test_romanian_counts(n, words, tmp_path, settings):
    settings.LOCALE_PATHS = [tmp_path]
    texts = catalogue.Texts("ro")
    texts.add(("%(n)s row", "%(n)s rows"), ("%(n)s rând", "%(n)s rânduri", "%(n)s de rânduri"))
    catalogue.write(texts)
    with catalogue.po_path("ro").with_suffix(".mo").open("rb") as file:
        romanian = gettext.GNUTranslations(file)
    assert romanian.ngettext("%(n)s row", "%(n)s rows", n) % {"n": n} == words


# --- Finding texts ----------------------------------------------------------------------------

TEMPLATE = """{% load i18n %}
{% translate "Plain" %} {% trans 'Quoted "so"' %} {% translate "100% sure" %}
{% translate "May" context "month" %} {% translate "Kept" as kept %}{{ kept }}
{% blocktranslate %}Two
  lines{% endblocktranslate %}
{% blocktranslate trimmed %}
  Three
    lines,
  trimmed
{% endblocktranslate %}
{% blocktranslate with name=user %}Hello, {{ name }}: 5 %{% endblocktranslate %}
{% blocktranslate count n=rows trimmed %}
  {{ n }} row
{% plural %}
  {{ n }} rows
{% endblocktranslate %}
{% blocktranslate context "parcels" count n=rows %}{{ n }} piece{% plural %}{{ n }} pieces
{% endblocktranslate %}
{% blocktranslate context "shelf" %}Right{% endblocktranslate %}
{{ _("In a value") }} {{ nothing|default:_("Fallback") }} {% firstof nothing _("In a tag") %}
{# translate "A comment" #}{% comment %}{% translate "Gone" %}{% endcomment %}
"""


def keys(texts):
    return {(text.context, text.one, text.many) for text in texts}


def test_templates_are_read_as_django_asks_for_them(monkeypatch):
    """What rendering looks up is what was found: whitespace, percent signs, plurals and all."""
    asked = set()

    class Recorder(gettext.NullTranslations):
        def gettext(self, message):
            context, _, one = message.rpartition("\x04")
            asked.add((context, one, ""))
            return message.rpartition("\x04")[2]

        def ngettext(self, one, many, n):
            context, _, one = one.rpartition("\x04")
            asked.add((context, one, many.rpartition("\x04")[2]))
            return one if n == 1 else many.rpartition("\x04")[2]

    recorder = Recorder()
    monkeypatch.setattr(trans_real, "catalog", lambda: recorder)
    monkeypatch.setattr(trans_real, "_default", recorder)
    with translation.override("ro"):
        monkeypatch.setattr(trans_real._active, "value", recorder, raising=False)
        Engine(libraries={"i18n": "django.templatetags.i18n"}).from_string(TEMPLATE).render(
            Context({"user": "Ana", "rows": 3})
        )
    assert keys(texts_of_template(TEMPLATE, "a.html")) == asked
    assert len(asked) == 14


def test_python_is_read_under_every_name():
    source = """
from django.utils.translation import gettext as _, gettext_lazy as _later
from django.utils.translation import ngettext_lazy, pgettext as told
from django.utils import translation
import other
_("One")
_later("Two " "halves")
ngettext_lazy("%(n)s row", "%(n)s rows", "n")
told("month", "May")
translation.gettext("Three")
f"{_('Inside')} an f-string"
_("Outer %s") % _("inner")
other._hidden("Not a text")
"""
    assert keys(texts_of_python(source, "a.py")) == {
        ("", "One", ""),
        ("", "Two halves", ""),
        ("", "%(n)s row", "%(n)s rows"),
        ("month", "May", ""),
        ("", "Three", ""),
        ("", "Inside", ""),
        ("", "Outer %s", ""),
        ("", "inner", ""),
    }


@pytest.mark.parametrize("call", ['_(f"Hello, {name}")', "_(name)", '_("Hello, " + name)', "_()"])
def test_a_text_made_at_run_time_is_refused(call):
    source = f"from django.utils.translation import gettext as _\n{call}"
    with pytest.raises(source_texts.UnreadableText, match=r"a\.py:2"):
        list(texts_of_python(source, "a.py"))


def test_another_underscore_is_no_text():
    assert list(texts_of_python("_ = print\n_(f'{1}')\nfor _ in (): pass", "a.py")) == []


def test_two_plurals_of_one_text_are_a_conflict():
    texts = [Text("a.py", "row", "rows"), Text("b.py", "row"), Text("c.py", "row", "many rows")]
    assert [c.partition(":")[0] for c in source_texts.conflicts(texts)] == ["c.py"]


# --- Checking translations --------------------------------------------------------------------


def faults(one, romanian, *, many="", flags=()):
    message = Message((one, many) if many else one, romanian, flags=flags)
    return catalogue.faults(message, catalogue.Texts("ro"))


@pytest.mark.parametrize(
    ("one", "romanian"),
    [
        ("Save", "Salvează"),
        ("Hello, %(name)s!", "Salut, %(name)s!"),
        ("<b>%(n)s</b> left", "<b>%(n)s</b> rămase"),
        ("{done} of {total}", "{done} din {total}"),
        (" and ", " și "),
        ("Open %(name)s (%(n)s)", "Deschide %(name)s (%(n)s)"),
    ],
)
def test_a_good_translation(one, romanian):
    assert faults(one, romanian) == []


@pytest.mark.parametrize(
    ("one", "romanian", "fault"),
    [
        ("Save", "", "not translated"),
        ("Hello, %(name)s", "Salut, %(nume)s", "placeholders"),
        ("Hello, %(name)s", "Salut", "placeholders"),
        ("Hello, %(name)s", "Salut, %(name)d", "placeholders"),
        ("Hello, {name}", "Salut, {nume}", "placeholders"),
        ("5 %%", "5 %", "placeholders"),
        ("%s of %s", "%s", "placeholders"),
        ("<b>now</b>", "<i>acum</i>", "tags"),
        ("Done.", "Gata", "begins or ends"),
        ("Loading…", "Se încarcă...", "begins or ends"),
        ("Name:", "Nume", "begins or ends"),
        (" and ", "și ", "begins or ends"),
        ("and ", "și", "begins or ends"),
        ("Delete", "Şterge", "wrong characters Ş"),
        ("Country", "Ţara", "wrong characters Ţ"),
        ("“%(name)s” is gone", "“%(name)s” nu mai este", "wrong characters “"),
    ],
)
def test_a_bad_translation(one, romanian, fault):
    assert len(faults(one, romanian)) == 1
    assert fault in faults(one, romanian)[0]


def test_plural_forms_are_all_checked():
    one, many = "%(n)s row", "%(n)s rows"
    assert faults(one, ("un rând", "%(n)s rânduri", "%(n)s de rânduri"), many=many)
    assert faults("a row", ("un rând", "%(n)s rânduri", "%(n)s de rânduri"), many=many) == []
    assert faults(one, ("%(n)s rând", "%(n)s rânduri", ""), many=many) == [
        "a plural form is missing"
    ]
    assert faults(one, ("%(n)s rând", "%(n)s rânduri"), many=many) == ["a plural form is missing"]
    assert (
        "placeholders" in faults(one, ("%(n)s rând", "rânduri", "%(n)s de rânduri"), many=many)[0]
    )


def test_a_fuzzy_translation_is_not_finished():
    assert "fuzzy" in faults("Save", "Salvează", flags=["fuzzy"])[0]


# --- Keeping the catalogue --------------------------------------------------------------------


@pytest.fixture
def source(tmp_path, settings, monkeypatch):
    """A project of one file with an empty catalogue; calling it changes what stands in the file."""
    settings.LOCALE_PATHS = [tmp_path]
    texts = []
    monkeypatch.setattr(source_texts, "texts_of_project", lambda: list(texts))
    monkeypatch.setattr(library_texts, "texts_of_libraries", lambda language: [])

    def says(*new):
        texts[:] = [Text("a.py", *([words] if isinstance(words, str) else words)) for words in new]

    return says


def translate(**romanian):
    texts = catalogue.read("ro")
    for one, words in romanian.items():
        texts.get(one).string = words
    catalogue.write(texts)


def run(*options):
    out, err = StringIO(), StringIO()
    try:
        call_command("texts", *options, stdout=out, stderr=err)
    except CommandError as error:
        return str(error), err.getvalue()
    return "", err.getvalue()


def both_files():
    po = catalogue.po_path("ro")
    return po.read_bytes(), po.with_suffix(".mo").read_bytes()


def test_texts_come_stay_go_and_come_back(source):
    source("Save", "Stop")
    run()
    assert "“Save”: not translated" in run("--check")[1]
    translate(Save="Salvează", Stop="Oprește")
    assert run("--check") == ("", "")
    source("Stop")
    assert "“Save”: gone from the source" in run("--check")[1]
    run()
    assert run("--check") == ("", "")
    assert 'msgid "Save"' in both_files()[0].decode()  # kept aside
    assert b"Salveaz" not in both_files()[1]  # but not in use
    source("Stop", "Save")
    run()
    assert run("--check") == ("", "")
    source("Stop")
    run("--forget")
    assert 'msgid "Save"' not in both_files()[0].decode()


def test_a_text_that_gets_a_plural_is_translated_anew(source):
    source("row")
    run()
    translate(row="rând")
    source(("row", "rows"))
    run()
    assert "not translated" in run("--check")[1]


def test_the_same_texts_give_the_same_bytes(source):
    source("b", "a", ("%(n)s row", "%(n)s rows", "list"))
    run()
    translate(a="unu", b="doi")
    before = both_files()
    source(("%(n)s row", "%(n)s rows", "list"), "a", "b")
    run()
    assert both_files() == before


def test_the_check_changes_nothing(source):
    source("Save")
    run()
    before = both_files()
    source("Save", "Stop")
    assert "“Stop”: not in the catalogue" in run("--check")[1]
    assert both_files() == before


def test_an_old_compiled_file_is_found(source):
    source("Save")
    run()
    translate(Save="Salvează")
    po = catalogue.po_path("ro")
    po.write_text(po.read_text().replace("Salvează", "Păstrează"))
    assert "django.mo does not say what django.po says" in run("--check")[1]
    po.with_suffix(".mo").unlink()
    assert "django.mo" in run("--check")[1]


def test_half_a_plural_is_not_shown(source):
    source(("%(n)s row", "%(n)s rows"))
    run()
    texts = catalogue.read("ro")
    texts.get("%(n)s row").string = ("%(n)s rând", "%(n)s rânduri", "")
    catalogue.write(texts)
    with catalogue.po_path("ro").with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).ngettext("%(n)s row", "%(n)s rows", 20) == "%(n)s rows"


# --- Finding words that were not wrapped ------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "<p>Nothing here</p>",
        "<p>{{ n }} rows</p>",
        '<p>{% translate "Good" %} morning</p>',
        '<button title="Close">{% icon "x" %}</button>',
        '<button aria-label="Close"></button>',
        '<input placeholder="Search">',
        '<img alt="A picture">',
        '<input type="submit" value="Send">',
        '<p data-done="Copied"></p>',
        '<p data-failed="that did not work"></p>',
        '<a hx-confirm="Really?"></a>',
        '{% include "a.html" with title="Nothing here" %}',
        '{{ name|default:"nobody" }}',
        '{{ is_on|yesno:"on,off" }}',
        '{% badge "Waiting" "amber" %}',
        "{# A comment\n over two lines is shown #}",
        "<template>Copied</template>",
    ],
)
def test_bare_words_in_a_template_are_found(source):
    assert len(unwrapped.in_template(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        '<p>{% translate "Nothing here" %}</p>',
        "<p>{% blocktranslate count n=n %}{{ n }} row{% plural %}rows{% endblocktranslate %}</p>",
        '<button title="{% translate "Close" %}">{% icon "x" %}</button>',
        '<p data-live="jobs" data-copy="#codes" data-passkey="login" class="Some words"></p>',
        "<p>{{ n }} · {{ m }} %&nbsp;–</p><code>Any Words</code><kbd>Ctrl</kbd><b>MagFlow</b>",
        '{% include "a.html" with title=_("Nothing here") icon="inbox" %}',
        '{{ name|default:_("nobody") }} {{ n|default:"–" }}',
        "{# A comment #}{% comment %}Of two\nlines{% endcomment %}<!-- and of HTML -->",
        "<script>const Words = 'Not Shown';</script>",
    ],
)
def test_translated_words_in_a_template_are_fine(source):
    assert unwrapped.in_template(source) == []


@pytest.mark.parametrize(
    "source",
    [
        'NavItem("People", "users", "accounts:person_list")',
        'BulkAction("stop", "Stop it", "accounts.change_user", run)',
        'name = TextColumn("Name")',
        'name = Column(verbose_name="Name")',
        'raise RuleViolation("You cannot do that.")',
        'raise RuleViolation(f"{name} cannot do that.")',
        'messages.success(request, "Saved.")',
        'toast(response, "Saved.")',
        'toast(response, _("Saved.") if x else "Not saved.")',
        'forms.CharField(help_text="Up to ten letters.")',
        'class Role(TextChoices):\n    OWNER = "owner", "Owner"',
        'class Role(TextChoices):\n    OWNER = "owner"',
        'class Meta:\n    verbose_name = "person"',
        'widget(attrs={"placeholder": "Name"})',
    ],
)
def test_bare_words_in_python_are_found(source):
    assert len(unwrapped.in_python(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'NavItem(_("People"), "users", "accounts:person_list")',
        'raise RuleViolation(_("You cannot do that."))',
        'raise ValueError("For whoever reads the log")',
        'class Role(TextChoices):\n    OWNER = "owner", _("Owner")',
        'toast(response, _("%(name)s is saved.") % {"name": f"{a} {b}"})',
        'parser.add_argument("--x", help="for the console")',
    ],
)
def test_other_words_in_python_are_fine(source):
    assert unwrapped.in_python(source) == []


def test_words_in_scripts_are_found():
    assert unwrapped.in_script("say('Could not save'); say(`Saved!`);") == [
        "Could not save",
        "Saved!",
    ]
    assert (
        unwrapped.in_script("// 'Could not save'\non('htmx:afterSwap', 'Enter', \"Escape\")") == []
    )
