import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.text.word_overlap import (
    content_words,
    find_value,
    names_value,
    new_word_f1,
    speaks_of,
    words_of,
)


def test_words_are_compared_in_normal_form() -> None:
    assert words_of("Émile’s CUP, 1,250!") == ["émile", "cup", "1", "250"]
    assert content_words("When did she win the Cup in 1914?") == ["win", "cup", "1914"]
    assert content_words("") == []


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("In 1914 ADA won.", "Ada", "ADA"),
        ("In 19145 Ada won.", "1914", None),
        ("It paid ½ dollar.", "1⁄2", "½"),
        ("It is “so”.", '"so"', "“so”"),
        ("Ada won.", "", None),
        ("", "Ada", None),
    ],
)
def test_values_are_found_as_whole_words(text: str, value: str, found: str | None) -> None:
    span = find_value(text, value)
    assert (None if span is None else text[slice(*span)]) == found
    assert names_value(text, value) == (found is not None)


@given(st.text(max_size=30), st.text(max_size=5))
def test_a_span_lies_within_its_text(text: str, value: str) -> None:
    span = find_value(text, value)
    assert span is None or 0 <= span[0] < span[1] <= len(text)


@pytest.mark.parametrize(
    ("words", "text", "speaks"),
    [
        (["opening", "year"], "Year opened", True),
        (["won"], "The of", False),
        (["of", "the"], "House of the Rising Sun", False),
        (["1914"], "In 1914", True),
        (["191"], "In 1914", False),
        (["lesseps"], "Ferdinand de Lesseps", True),
        (["no"], "No", False),
        ([], "Cup", False),
    ],
)
def test_a_text_speaks_of_another_by_its_content_words(
    words: list[str], text: str, speaks: bool
) -> None:
    assert speaks_of(words, text) == speaks


def test_only_words_that_are_new_to_the_question_overlap() -> None:
    sentence, question = "Ada Dawn won the Silver Cup in 1914.", "Which cup did Ada Dawn win?"
    assert new_word_f1(sentence, sentence, question) == 1
    assert new_word_f1("Ada Dawn won the cup.", "Ada Dawn won the cup.", question) == 1
    assert new_word_f1("Ada Dawn", sentence, question) == 0
    assert new_word_f1("Silver 1914", sentence, question) == pytest.approx(2 * 2 / (2 + 3))
    assert new_word_f1("", "", "") == 0
