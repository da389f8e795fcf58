import pytest

from accounts import legal
from core.errors import RuleViolation


@pytest.mark.parametrize(
    ("country", "text", "stored"),
    [
        ("RO", "14399840", "14399840"),
        ("RO", " ro 14399840 ", "14399840"),
        ("BG", "BG 175074752", "175074752"),
        ("HU", "12892312", "12892312"),
        ("HU", "hu12892312", "12892312"),
        ("HU", "12892312-2-41", "12892312-2-41"),
        ("HU", "12892312241", "12892312-2-41"),
    ],
)
def test_a_tax_number_is_stored_as_the_tax_office_writes_it(country, text, stored):
    assert legal.tax_id(country, text) == stored


@pytest.mark.parametrize(
    ("country", "text", "words"),
    [
        ("RO", "14399841", "not a valid CUI: a digit is wrong"),
        ("RO", "1", "too short or too long"),
        ("RO", "abc", "“abc” is not a valid CUI"),
        ("BG", "175074753", "not a valid EIK"),
        ("HU", "12892313", "not a valid adószám: a digit is wrong"),
        ("HU", "12892312-9-41", "not a valid adószám"),
        ("DE", "123", "not supported yet"),
    ],
)
def test_a_wrong_tax_number_is_refused_with_the_reason(country, text, words):
    with pytest.raises(RuleViolation, match=words):
        legal.tax_id(country, text)


@pytest.mark.parametrize(
    ("country", "tax_id", "vat"),
    [
        ("RO", "14399840", "RO14399840"),
        ("BG", "175074752", "BG175074752"),
        ("HU", "12892312-2-41", "HU12892312"),
    ],
)
def test_the_vat_number_carries_the_country(country, tax_id, vat):
    assert legal.vat_number(country, tax_id) == vat


def test_an_iban_is_stored_without_blanks():
    assert legal.iban("ro49 aaaa 1b31 0075 9384 0000") == "RO49AAAA1B31007593840000"


@pytest.mark.parametrize("text", ["RO49AAAA1B31007593840001", "RO49", "49AAAA", ""])
def test_a_wrong_iban_is_refused(text):
    with pytest.raises(RuleViolation, match="not a valid IBAN"):
        legal.iban(text)


def test_the_romanian_trade_register_is_checked_and_others_are_taken_as_they_are():
    assert legal.trade_register("RO", " j40/1234/2016 ") == "J40/1234/2016"
    assert legal.trade_register("HU", "01-09-123456") == "01-09-123456"
    assert legal.trade_register("RO", "") == ""
    with pytest.raises(RuleViolation, match="J40/1234/2016"):
        legal.trade_register("RO", "X40/1/2016")
