from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gentap.questions.candidate_selection import (
    BestQuestions,
    QuestionCandidate,
    SentenceCandidates,
    filter_by_margin,
    filter_by_round_trip,
)
from gentap.questions.question_context import QuestionContext
from gentap.questions.round_trip import Reply, comes_back
from gentap.questions.writer_input import WriterInput, mined_sources
from gentap.questions.writers.interface import Unwritten, Written, best_first
from gentap.records import Mined, NamedCell, Table
from gentap.settings.question_sections import FilterSettings

SENTENCE = "Ada Dawn won the Silver Cup in 1914."
VALUES = ["Ada Dawn", "1914", "Silver Cup"]
MINED = Mined(
    id="m1",
    sentence=SENTENCE,
    url="",
    table=Table(title="Races", header=("Rower", "Year", "Trophy"), rows=(tuple(VALUES),)),
    row=0,
    cells=tuple(
        NamedCell(0, column, SENTENCE.index(text), SENTENCE.index(text) + len(text))
        for column, text in enumerate(VALUES)
    ),
)
FILTERS = FilterSettings()


def judged(*questions: tuple[str, float | None], **changes: Any) -> SentenceCandidates:
    """A sentence whose entry asked for is 1914, and questions that were written for it."""
    sentence = SentenceCandidates(QuestionContext(replace(MINED, **changes)))
    source = next(one for one in mined_sources(MINED, 1, 0, 8) if one.entries[0].text == "1914")
    sentence.add(source, [Written(*question) for question in questions], FILTERS)
    return sentence


def texts(candidates: Sequence[QuestionCandidate]) -> list[str]:
    return [one.written.question for one in candidates]


def test_those_that_pass_come_first_by_score() -> None:
    sentence = judged(
        ("no question", -0.1),
        ("When did Ada win the cup?", -0.9),
        ("In what year did Ada Dawn win?", -0.5),
    )
    assert texts(sentence.candidates) == [
        "In what year did Ada Dawn win?",
        "When did Ada win the cup?",
        "no question",
    ]
    assert texts(sentence.passing()) == texts(sentence.candidates)[:2]
    sentence.add(sentence.candidates[0].source, Unwritten("too long"), FILTERS)
    assert sentence.unwritten == Unwritten("too long")


class Scorer:
    """Thinks a question the likelier, the more of the entry asked for its words begin with."""

    name, max_entries = "scorer", 8

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def write(self, sources: Sequence[WriterInput], seed: int) -> list[Any]:
        return []

    def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> list[float]:
        self.asked += [(source.entries[0].text, question) for source, question in pairs]
        likely = {"1914": "When", "Ada Dawn": "Who", "Silver Cup": "What"}
        return [
            -0.1 if question.startswith(likely[source.entries[0].text]) else -2.0
            for source, question in pairs
        ]


def test_a_question_that_asks_for_another_entry_is_found_out() -> None:
    sentence = judged(("When did Ada Dawn win?", -0.2), ("Who won the cup?", -1.0), ("x", -0.1))
    scorer = Scorer()
    filter_by_margin([sentence], scorer, FilterSettings(min_margin=0.0))
    when, who, bad = sentence.candidates
    assert (when.failed, when.margin) == ([], pytest.approx(1.8))
    assert (who.failed, who.margin) == (["asks for another entry"], pytest.approx(-0.9))
    assert bad.margin is None
    assert sorted(scorer.asked) == [
        ("Ada Dawn", "When did Ada Dawn win?"),
        ("Ada Dawn", "Who won the cup?"),
        ("Silver Cup", "When did Ada Dawn win?"),
        ("Silver Cup", "Who won the cup?"),
    ]


def test_the_margin_is_off_at_first_and_where_a_writer_has_no_scores() -> None:
    class Silent(Scorer):
        def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> Any:
            return None

    for writer, filters in ((Scorer(), FILTERS), (Silent(), FilterSettings(min_margin=0.0))):
        sentence = judged(("Who won the cup?", -1.0))
        filter_by_margin([sentence], writer, filters)
        assert sentence.candidates[0].failed == []
        assert sentence.candidates[0].margin is None
    filter_by_margin([], Scorer(), FilterSettings(min_margin=0.0))


QUESTION = "When did Ada Dawn win the cup?"


@pytest.mark.parametrize(
    ("reply", "back"),
    [
        (Reply("Ada Dawn won the Silver Cup in 1914.", ""), True),
        (Reply("Ada Dawn did win the cup.", ""), False),
        (Reply("It was in 1914.", ""), True),
        (Reply("", "1914"), True),
        (Reply("", "Silver Cup"), True),
        (Reply("", "Ada Dawn"), False),
        (Reply("", "1915"), False),
        (Reply("", ""), False),
    ],
)
def test_what_counts_as_coming_back(reply: Reply, back: bool) -> None:
    assert comes_back(QUESTION, reply, QuestionContext(MINED), FILTERS) == back


def test_the_best_candidates_are_put_to_the_model() -> None:
    class Model:
        def __init__(self) -> None:
            self.asked: list[str] = []

        def ask(self, questions: Sequence[tuple[str, Table]]) -> list[Reply]:
            self.asked += [question for question, _ in questions]
            assert all(table == MINED.table for _, table in questions)
            return [Reply("", "1914" if "year" in text else "none") for text, _ in questions]

    sentence = judged(
        ("When did Ada win the cup?", -0.1),
        ("In what year did Ada Dawn win?", -0.2),
        ("What year did Ada win?", -0.3),
        ("no question", -0.1),
    )
    model: Any = Model()
    filter_by_round_trip([sentence], model, FilterSettings(round_trips=2))
    assert model.asked == ["When did Ada win the cup?", "In what year did Ada Dawn win?"]
    first, second, third, _ = sentence.candidates
    assert (first.failed, second.failed) == (["round trip fails"], [])
    assert second.reply == Reply("", "1914")
    assert (third.failed, third.reply) == (["round trip fails"], None)


def test_the_best_that_is_unlike_the_others_of_its_table_is_kept() -> None:
    questions = [("When did Ada Dawn win?", -0.1), ("What year did Ada win the cup?", -0.2)]
    other = replace(MINED.table, title="Other races")
    sentences = [
        judged(*questions),
        judged(*questions),
        judged(*questions),
        judged(*questions, table=other),
        judged(),
    ]
    best = BestQuestions(FILTERS)
    for sentence in sentences:
        best.select(sentence)
    kept = [texts([one for one in sentence.candidates if one.kept]) for sentence in sentences]
    assert kept == [[questions[0][0]], [questions[1][0]], [], [questions[0][0]], []]
    alike = ["like another question of the table"]
    assert [one.failed for one in sentences[2].candidates] == [alike, alike]


def test_candidates_are_different_and_the_best_score_counts() -> None:
    found = best_first([Written("a", -2.0), Written("b", -1.0), Written("a", -0.5)])
    assert found == [Written("a", -0.5), Written("b", -1.0)]
    assert best_first([Written("b", None), Written("a", None)]) == [
        Written("b", None),
        Written("a", None),
    ]
