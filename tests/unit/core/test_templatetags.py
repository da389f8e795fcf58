"""Icon, badge, time, money and the rest of what templates print hundreds of times."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from core import html

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)  # 14:00 in Bucharest
ROOT = Path(__file__).parents[3]


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


@pytest.fixture(autouse=True)
def _english_in_bucharest():
    with translation.override("en"), timezone.override("Europe/Bucharest"):
        yield


class TestIcon:
    def test_it_works(self):
        assert render('{% icon "check" %}') == (
            '<svg class="icon" aria-hidden="true"><use href="/static/img/icons.svg#check"/></svg>'
        )

    def test_a_name_from_the_context(self):
        template = Template("{% icon name %}")
        assert "#home" in template.render(Context({"name": "home"}))
        assert "#users" in template.render(Context({"name": "users"})), "the first one was kept"

    def test_a_label_is_said_aloud(self):
        svg = html.icon("lock", "icon-sm", 'the "closed" one')
        assert 'role="img" aria-label="the &quot;closed&quot; one"' in svg
        assert "aria-hidden" not in svg
        assert 'class="icon icon-sm"' in svg

    def test_it_needs_a_name(self):
        with pytest.raises(TemplateSyntaxError):
            Template("{% icon %}")


class TestBadge:
    def test_it_works(self):
        badge = render('{% badge "Shipped" "green" %}')
        assert badge.startswith('<span class="badge tone-green"><svg')
        assert "#check" in badge
        assert badge.endswith("Shipped</span>")

    def test_the_word_is_escaped(self):
        assert "&lt;b&gt;" in render("{% badge word 'red' %}", word="<b>")

    def test_the_word_follows_the_language(self):
        template = Template("{% load i18n %}{% badge _('Yes') 'green' %}")
        assert "Yes" in template.render(Context())
        with translation.override("ro"):
            assert "Da" in template.render(Context()), "the English badge was kept"
            assert "Da" in html.badge(gettext_lazy("Yes"))

    def test_every_tone_has_an_icon_of_the_sprite(self):
        sprite = (ROOT / "static/img/icons.svg").read_text()
        for name in html.TONE_ICONS.values():
            assert f'id="{name}"' in sprite


class TestWhen:
    @pytest.mark.parametrize(
        ("away", "said"),
        [
            (timedelta(seconds=0), "just now"),
            (timedelta(seconds=-44), "just now"),
            (timedelta(seconds=20), "now"),
            (timedelta(seconds=-50), "1 min ago"),
            (timedelta(minutes=-5), "5 min ago"),
            (timedelta(minutes=41), "in 41 min"),
            (timedelta(minutes=-59, seconds=-40), "1 h ago"),
            (timedelta(hours=-3), "3 h ago"),
            (timedelta(hours=2), "in 2 h"),
            (timedelta(hours=-18), "yesterday 20:00"),
            (timedelta(hours=26), "tomorrow 16:00"),
            (timedelta(days=-3), "Sun 14:00"),
            (timedelta(days=-30), "26 Oct"),
            (timedelta(days=-400), "21 Oct 2025"),
        ],
    )
    def test_how_far_away(self, away, said):
        assert html.relative_time(NOW + away, NOW) == said

    def test_it_works(self):
        moment = timezone.now() - timedelta(minutes=5)
        printed = render("{{ moment|when }}", moment=moment)
        stamp, title, text = re.fullmatch(
            r'<time datetime="(.+)" title="(.+)">(.+)</time>', printed
        ).groups()
        assert datetime.fromisoformat(stamp) == moment.replace(microsecond=0)
        assert title == html.exact_time(moment)
        assert text == "5 min ago"

    def test_the_exact_time_is_the_persons(self):
        assert html.exact_time(NOW) == "25 Nov 2026, 14:00:00"
        with timezone.override("UTC"):
            assert html.exact_time(NOW) == "25 Nov 2026, 12:00:00"

    def test_an_hour_ago_over_the_clock_change(self):
        after = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 03:30, an hour after 03:30 summer time
        assert html.relative_time(after - timedelta(hours=1), after) == "1 h ago"

    def test_nothing_is_a_faint_dash(self):
        assert render("{{ moment|when }}", moment=None) == '<span class="faint">–</span>'

    def test_a_date_has_no_clock(self):
        assert ">5 Mar 2026</time>" in html.when(date(2026, 3, 5))


class TestMoney:
    def test_it_works(self):
        printed = render('{{ amount|money:"RON" }}', amount=Decimal("1234.5"))
        assert printed == '1,234.50\u00a0<span class="cur">lei</span>'

    def test_romanian_separators(self):
        with translation.override("ro"):
            assert html.money(Decimal("1234567.891"), "EUR").startswith("1.234.567,89\u00a0")

    def test_whole_currencies_have_no_cents(self):
        assert html.money(Decimal("8990.00"), "HUF").startswith("8,990\u00a0")

    def test_a_debt_has_a_real_minus(self):
        assert html.money(Decimal("-10")).startswith("\u221210.00")

    def test_half_a_ban_goes_up_as_on_the_invoice(self):
        assert html.money(Decimal("0.125")).startswith("0.13")
        assert html.money(Decimal("2.345")).startswith("2.35")

    def test_an_unknown_currency_is_named_and_escaped(self):
        assert "&lt;X&gt;" in html.money(1, "<X>")

    def test_no_amount_is_no_zero(self):
        assert html.money(None) == html.EMPTY


class TestSmallOnes:
    @pytest.mark.parametrize(
        ("length", "said"),
        [
            (None, "–"), (0.4, "0.4 s"), (12, "12 s"), (59.7, "1 min 0 s"), (185, "3 min 5 s"),
            (timedelta(hours=2, minutes=10), "2 h 10 min"), (timedelta(days=3, hours=4), "3 d 4 h"),
        ],
    )  # fmt: skip
    def test_duration(self, length, said):
        assert html.duration(length) == said

    @pytest.mark.parametrize(
        ("name", "letters"),
        [
            ("Ioana Popescu", "IP"), ("Ana-Maria de la Țurcanu", "AȚ"), ("radu", "R"),
            ("ana@shop.ro", "A"), ("", "?"), ("  ", "?"), ("(test) Dan", "D"),
        ],
    )  # fmt: skip
    def test_initials(self, name, letters):
        assert html.initials(name) == letters

    def test_number(self):
        assert render("{{ n|number }}", n=1204318) == "1,204,318"
        assert render("{{ n|number:1 }}", n=0.25) == "0.2"
        with translation.override("ro"):
            assert render("{{ n|number }}", n=1204318) == "1.204.318"
        assert render("{{ n|number }}", n=None) == "–"


class TestSprite:
    """An icon that is named but not in the sprite would be an empty hole."""

    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/img/icons.svg").read_text()))
    files = [
        *ROOT.glob("templates/**/*.html"),
        *(path for app in ("core", "accounts", "ops") for path in ROOT.glob(f"{app}/**/*.py")),
    ]
    NAMED = re.compile(
        r"""\{%\s*icon\s+["']([\w-]+)   # {% icon "check" %}
          | \bicon(?:_name)?=["']([\w-]+)   # icon="check", in templates and calls
          | \|default:"([a-z-]+)"\s*%\}\s*$   # icon name|default:"inbox"
          | NavItem\(\s*\S+\([^)]*\),\s*"([\w-]+)"   # NavItem(_("Home"), "home", …)
          | "(?:grey|blue|green|amber|red)",\s*   # of choices: ("blue", "clock")
            "(?!grey|blue|green|amber|red)([\w-]+)"
        """,
        re.VERBOSE,
    )

    def test_every_named_icon_is_there(self):
        missing = {
            f"{path.relative_to(ROOT)}: {name}"
            for path in self.files
            for groups in self.NAMED.findall(path.read_text(encoding="utf-8"))
            for name in groups
            if name and name not in self.sprite
        }
        assert not missing, "add them to scripts/icons.txt and run scripts/vendor.sh"

    def test_the_pattern_finds_what_it_should(self):
        source = '{% icon "a-b" %} icon="c" NavItem(_("X"), "d-e", (_("Y"), "green", "f")'
        found = [name for groups in self.NAMED.findall(source) for name in groups if name]
        assert found == ["a-b", "c", "d-e", "f"]

    def test_the_list_is_what_was_built(self):
        lines = (ROOT / "scripts/icons.txt").read_text().splitlines()
        wanted = {line.split("#")[0].strip() for line in lines} - {""}
        assert wanted == self.sprite
