import datetime as dt

import pytest

from accounts.choices import COUNTRY_FACTS, Country


@pytest.mark.parametrize(
    ("country", "day", "currency"),
    [
        (Country.ROMANIA, dt.date(2026, 11, 25), "RON"),
        (Country.BULGARIA, dt.date(2025, 12, 31), "BGN"),
        (Country.BULGARIA, dt.date(2026, 1, 1), "EUR"),
        (Country.HUNGARY, dt.date(2026, 11, 25), "HUF"),
    ],
)
def test_the_currency_of_a_country_depends_on_the_day(country, day, currency):
    assert COUNTRY_FACTS[country].currency_on(day) == currency


def test_every_country_has_its_facts():
    assert set(COUNTRY_FACTS) == set(Country.values)
