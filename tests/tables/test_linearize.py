from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import tables

from gentap.records import Cell, Table
from gentap.settings.sections import LinearizerSettings
from gentap.tables.linearize import (
    ENTRY,
    SENTENCE,
    SPECIAL_TOKENS,
    Linearizer,
    estimate_lengths,
    linearize,
    table_pieces,
)

END = 0
FILMS = Table(
    title="Jane Doe",
    section="Filmography",
    header=("Year", "Film"),
    rows=(("2004", "Dawn"), ("2005", "Dusk")),
)


class Words:
    """A tokenizer of one token a word, which learns its words as they come."""

    def __init__(self) -> None:
        self.words = ["<end>", *SPECIAL_TOKENS]
        self.ids = {word: place for place, word in enumerate(self.words)}

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        return [[self.id(word) for word in text.split()] for text in texts]

    def id(self, word: str) -> int:
        if word not in self.ids:
            self.ids[word] = len(self.words)
            self.words.append(word)
        return self.ids[word]

    def decode(self, ids: Sequence[int]) -> str:
        return " ".join(self.words[place] for place in ids)


def linearizer(
    words: Words, max_tokens: int = 512, max_question_tokens: int = 96, max_cell_chars: int = 160
) -> Linearizer:
    settings = LinearizerSettings(
        max_tokens=max_tokens,
        max_question_tokens=max_question_tokens,
        max_cell_chars=max_cell_chars,
    )
    return Linearizer(settings, words, {mark: words.ids[mark] for mark in SPECIAL_TOKENS}, [END])


texts = st.lists(st.sampled_from(["dawn", "Dusk", "7", "é"]), max_size=12).map(" ".join)


questions = st.lists(st.sampled_from(["which", "dawn", "7"]), min_size=1, max_size=25).map(" ".join)
limits = st.tuples(st.integers(64, 160), st.integers(8, 32), st.integers(16, 60))


def test_the_string_form() -> None:
    assert linearize("which film did she make in 2005?", FILMS) == (
        "which film did she make in 2005? <title> Jane Doe <section> Filmography "
        "<head> Year <cell> Film <row> 2004 <cell> Dawn <row> 2005 <cell> Dusk"
    )


def test_empty_texts_keep_their_marks_only_in_the_body() -> None:
    table = Table(caption="Films", header=("Year", ""), rows=(("", "Dawn"), ("", "")))
    assert linearize("when?", table) == (
        "when? <caption> Films <head> Year <cell> <row> <cell> Dawn <row> <cell>"
    )
    assert table_pieces(Table(header=(), rows=())) == []


@settings(max_examples=100)
@given(questions, tables(texts), limits)
def test_an_input_is_never_longer_than_its_limit_and_reads_as_the_string_form(
    question: str, table: Table, limit: tuple[int, int, int]
) -> None:
    words = Words()
    encoded = linearizer(words, *limit).encode(question, table)
    asked = question.split()
    assert len(encoded.ids) <= limit[0]
    assert encoded.question_cut == (len(asked) > limit[1])
    shown = linearize(" ".join(asked[: limit[1]]), encoded.fitted.table)
    assert words.decode(encoded.ids) == f"{shown} <end>"


@settings(max_examples=100)
@given(questions, tables(texts), limits)
def test_a_table_that_was_fitted_once_stays_as_it_is_beside_any_question(
    question: str, table: Table, limit: tuple[int, int, int]
) -> None:
    linear = linearizer(Words(), *limit)
    fitted = linear.fit(table, question).table
    encoded = linear.encode("7 " * 100, fitted, cut_table=False)
    assert encoded.fitted.table == fitted
    assert len(encoded.ids) <= limit[0]


def test_a_question_of_ten_thousand_words_is_cut_and_said_so() -> None:
    words = Words()
    encoded = linearizer(words, 64, 16).encode("why " * 10_000, FILMS)
    assert encoded.question_cut
    assert encoded.fitted.table == FILMS
    assert words.decode(encoded.ids) == linearize(" ".join(["why"] * 16), FILMS) + " <end>"


def test_a_question_of_full_length_is_not_cut() -> None:
    linear = linearizer(Words(), 64, 16)
    assert not linear.encode("why " * 16, FILMS).question_cut
    assert linear.encode("why " * 17, FILMS).question_cut


def test_a_shorter_question_leaves_more_of_the_table() -> None:
    linear = linearizer(Words(), max_tokens=64, max_question_tokens=32)
    table = Table(header=("Year", "Film"), rows=(("2004", "Dawn"),) * 12)
    assert linear.encode("when " * 19, table).fitted.rows == tuple(range(10))
    assert linear.encode("when " * 20, table).fitted.rows == tuple(range(9))
    assert linear.fit(table, "when?").rows == tuple(range(6))


def test_evidence_is_kept_in_a_table_of_thirty_thousand_rows() -> None:
    table = Table(header=("Year", "Film"), rows=tuple((f"{n}", f"film {n}") for n in range(30_000)))
    encoded = linearizer(Words()).encode("when was film 77 made?", table, [Cell(29_999, 1)])
    assert len(encoded.ids) <= 512
    assert {77, 29_999} <= set(encoded.fitted.rows)


def test_pieces_of_any_marks_end_within_the_limit() -> None:
    words = Words()
    pieces = [(SENTENCE, "She made Dusk in 2005"), (ENTRY, "Year 2005"), (ENTRY, "")]
    text = "<sentence> She made Dusk in 2005 <entry> Year 2005 <entry>"
    assert words.decode(linearizer(words).mark_texts(pieces)) == f"{text} <end>"
    many = linearizer(words, max_tokens=64, max_question_tokens=16).mark_texts(pieces * 9)
    assert words.decode(many).split() == [*(text.split() * 9)[:63], "<end>"]


@pytest.mark.parametrize("question", ["", "   "])
def test_an_empty_question_leaves_the_table_alone(question: str) -> None:
    words = Words()
    ids = linearizer(words).encode(question, FILMS).ids
    assert words.decode(ids) == linearize("", FILMS).lstrip() + " <end>"


def test_tokens_are_estimated_at_three_letters_each() -> None:
    texts = ["", "  ", "Dawn", "in 2005, twice!", "日本語の映画"]
    assert estimate_lengths(texts) == [1, 1, 3, 8, 3]
