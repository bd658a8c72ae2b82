"""Words of scripts other than Latin, in the metrics that count words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.evaluation.metrics.parent import parent
from gentap.evaluation.metrics.support import capitalised_names, numbers_of, support
from gentap.records import Cell, Table
from gentap.text.unicode_words import words, words_and_signs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("हिन्दी गीत", ["हिन्दी", "गीत"]),
        ("தமிழ் பாடல்.", ["தமிழ்", "பாடல்", "."]),
        ("اَلْعَرَبِيَّة 1٬200", ["اَلْعَرَبِيَّة", "1٬200"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("東京2020年", ["東", "京", "2020", "年"]),
        ("ภาษาไทย", ["ภ", "า", "ษ", "า", "ไ", "ท", "ย"]),
        ("Ёлка, 1,200.5 км!", ["Ёлка", ",", "1,200.5", "км", "!"]),
        ("Zoe\u0308's", ["Zoe\u0308", "'", "s"]),
        ("a_b 3rd", ["a_b", "3rd"]),
    ],
)
def test_a_mark_belongs_to_its_letter(text: str, expected: list[str]) -> None:
    assert words_and_signs(text) == expected


def test_words_of_letters_are_joined_by_apostrophe_and_hyphen() -> None:
    assert words("O’Neil's co-star, हिन्दी 42") == ["O’Neil's", "co-star", "हिन्दी"]


@given(st.text(max_size=40))
def test_nothing_but_spaces_is_lost_and_no_mark_stands_first(text: str) -> None:
    found = words_and_signs(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    for before, word in zip(["", *found], found, strict=False):
        if unicodedata.category(word[0]) == "Mn" and before[-1:].isalpha():
            raise AssertionError((before, word))


HINDI = Table(header=("वर्ष", "फ़िल्म"), rows=(("2005", "नदी का गीत"), ("2004", "दिन")))


def test_parent_counts_a_hindi_value_by_its_words() -> None:
    said = "उसने नदी का गीत बनाया"
    _, _, recall = parent(said, "कुछ नहीं", HINDI, [Cell(0, 1)])
    assert recall == pytest.approx(1)
    _, _, half = parent("नदी का", "कुछ नहीं", HINDI, [Cell(0, 1)])
    assert half == pytest.approx(2 / 3)


def test_a_word_of_the_same_letters_and_other_vowel_signs_is_another() -> None:
    table = Table(header=("अ",), rows=(("दिन",),))
    assert parent("दीन", "दीन", table)[0] < parent("दिन", "दिन", table)[0]


def test_an_answer_without_spaces_is_scored_by_its_letters() -> None:
    table = Table(header=("年", "映画"), rows=(("2005", "夜の海"),))
    precise = parent("2005年の夜の海", "夜の海は2005年", table, [Cell(0, 1)])
    assert precise[1] > 0.9


def test_numbers_and_capitalised_names_other_scripts_are_supported() -> None:
    assert numbers_of("१२ और ٣٫٥, 1٬200") == [12, 3.5, 1200]
    assert capitalised_names("Это Ёлкина Анна") == ["Это", "Ёлкина", "Анна"]
    table = Table(header=("Имя",), rows=(("Анна Ёлкина",), ("12",)))
    assert support("Анна Ёлкина спела १२ раз", "кто?", table) == (3, 3)
