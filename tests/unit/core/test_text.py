"""Folding for search, cells that spreadsheets do not run, texts cut to length."""

import doctest
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import text
from core.text import fold, safe_cell, truncate


def test_it_works():
    assert fold("Șosete GROSE") == "sosete grose"


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(text).failed == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ȘOSETE", "şosete"),  # comma below and cedilla, both are in use
        ("Ţară", "țară"),
        ("cafea", "CAFEA"),
        ("HŰTŐ", "huto"),
        ("árvíztűrő", "arvizturo"),
        ("Łódź", "lodz"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("ﬁn", "fin"),  # a ligature
        ("１２３", "123"),  # full width
        ("a\u00a0b", "a b"),  # a space that does not break
        ("s\u0326osete", "șosete"),  # decomposed, as macOS writes file names
        ("БЪЛГАРИЯ", "българия"),
        ("Ærø", "AERO"),
    ],
)
def test_what_people_take_for_the_same_is_the_same(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("й", "и"), ("ѝ", "и"), ("o", "0"), ("l", "1"), ("ё", "е")]
)
def test_what_is_different_stays_different(one, other):
    assert fold(one) != fold(other)


@given(st.text())
@example("ŉ")
@example("ϓ")
@example("İİ\u0307")
@example("й\u0301")
@example("\ud800x")
def test_folding_twice_changes_nothing_more(given_text):
    once = fold(given_text)
    assert fold(once) == once


@given(st.text())
def test_a_folded_text_fits_into_postgresql_and_is_lower_case(given_text):
    folded = fold(given_text)
    assert "\x00" not in folded
    folded.encode()
    assert folded == folded.lower()
    assert "  " not in folded
    assert folded == folded.strip()


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_a_part_is_found_in_the_whole(before, after):
    # What makes `contains` work: a word folds to the same letters wherever it stands.
    whole = fold(f"{before} șosete {after}")
    assert fold("șosete") in whole


@given(st.text())
def test_both_unicode_forms_fold_alike(given_text):
    given_text = given_text.encode("utf-8", "ignore").decode()
    composed, apart = (unicodedata.normalize(form, given_text) for form in ("NFC", "NFD"))
    assert fold(composed) == fold(apart)


def test_folding_is_quick():
    title = "Set 4 anvelope de iarnă 205/55 R16 91H, uşoare şi rezistente la îngheţ " * 3
    began = time.process_time()
    for _ in range(1000):
        fold(title)
    assert time.process_time() - began < 0.5  # half a millisecond each, on a slow machine


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1",
        "=HYPERLINK(\"http://evil\")", "-1e5", "+A1", "\n=1",
    ],
)  # fmt: skip
def test_a_formula_is_shown_and_not_run(formula):
    assert safe_cell(formula).startswith("'")


@pytest.mark.parametrize(
    "harmless", ["-12,50", "+40 722 123 456", "-3", "+1.5", "a=b", "", "x", "(0722) 123", "-1/2"]
)
def test_numbers_and_plain_text_stay_as_they_are(harmless):
    assert safe_cell(harmless) == harmless


def test_characters_that_xlsx_cannot_hold_are_left_out():
    assert safe_cell("a\x00b\x0bc\ud800d\te") == "abcd\te"


@given(st.text())
def test_no_cell_starts_a_formula(given_text):
    cell = safe_cell(given_text).lstrip(" ")
    assert not cell.startswith(("=", "@", "\t", "\r", "\n"))
    if cell.startswith(("+", "-")):
        assert not any(character.isalpha() for character in cell)


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_is_never_longer_than_asked(given_text, length):
    cut = truncate(given_text, length)
    assert len(cut) <= length
    assert cut == given_text if len(given_text) <= length else cut.endswith("…")


def test_words_stay_whole_where_that_costs_little():
    assert truncate("Anvelope de iarnă", 13) == "Anvelope de…"
    assert truncate("Donaudampfschifffahrt", 10) == "Donaudamp…"
    with pytest.raises(ValueError, match="ellipsis"):
        truncate("x", 0)
