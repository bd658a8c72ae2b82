from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.errors import InputError, SettingError
from gentap.records import Cell, Example, Table
from gentap.runs.files.output_files import write_json
from gentap.trust.cohorts import (
    Bound,
    Cohort,
    Cohorts,
    find_cohorts,
    holds,
    of_their_like,
    read_cohorts,
)
from gentap.trust.example_features import FEATURES, feature_named, features_of


def made(name: str, rows: int, question: str = "What is it?", source: str = "a.jsonl") -> Example:
    table = Table(header=("Name", "Born"), rows=tuple(("Ada", str(1900 + n)) for n in range(rows)))
    return Example(
        id=name,
        kind="long",
        origin="annotated",
        question=question,
        answer="It is one of them.",
        table=table,
        cells=(Cell(0, 0),),
        source=source,
    )


def many(count: int, seed: int = 0) -> list[Example]:
    generator = np.random.default_rng(seed)
    asked = ["Who is it?", "What is it?", "How many are there?", "When was it made?"]
    return [
        made(f"q{place}", int(generator.integers(2, 60)), asked[int(generator.integers(4))])
        for place in range(count)
    ]


def test_a_planted_group_is_found_and_named() -> None:
    examples = many(400)
    generator = np.random.default_rng(1)
    scores = [
        float(generator.normal(30 if len(one.table.rows) > 40 else 60, 12)) for one in examples
    ]
    found = find_cohorts(examples, scores, "rougeL")
    first = found.cohorts[0]
    assert "tables over 4" in first.words
    assert -40 < first.score - first.rest < -20
    assert first.low < first.score - first.rest < first.high < 0
    assert first.p < 0.01
    assert first.questions == sum(holds(first.conditions, one) for one in examples)
    assert find_cohorts(examples, scores, "rougeL") == found


def test_two_conditions_meet_in_one_group() -> None:
    examples = many(1200)
    generator = np.random.default_rng(2)
    scores = [
        float(
            generator.normal(
                20 if len(one.table.rows) > 40 and one.question.startswith("How many") else 60, 5
            )
        )
        for one in examples
    ]
    words = find_cohorts(examples, scores, "rougeL").cohorts[0].words
    assert "asking 'how many'" in words
    assert "rows" in words


def test_noise_hardly_ever_has_a_weak_group() -> None:
    found = 0
    for seed in range(20):
        scores = list(map(float, np.random.default_rng(seed).normal(50, 20, 200)))
        found += bool(find_cohorts(many(200, seed), scores, "rougeL", seed=seed).cohorts)
    assert found <= 3  # one in twenty is expected


def test_questions_without_a_score_are_left_out() -> None:
    examples = many(400)
    scores = [None if place % 2 else 50.0 for place in range(400)]
    found = find_cohorts(examples, scores, "rougeL")
    assert (found.questions, found.cohorts) == (200, ())


def test_a_group_of_three_questions_is_refused() -> None:
    with pytest.raises(SettingError, match="a group of 3 questions says nothing: give --least 10"):
        find_cohorts(many(100), [1.0] * 100, "rougeL", least=3)


def test_too_few_questions_are_told() -> None:
    with pytest.raises(InputError, match="79 questions have a score by rougeL, too few"):
        find_cohorts(many(79), [1.0] * 79, "rougeL")


def test_examples_are_parted_by_the_groups() -> None:
    over = Cohort("tables over 40 rows", (Bound("rows", True, 40.0),), 50, 20, 1, 2, 0, 0, 0)
    examples = [made("a", 40), made("b", 41), made("c", 2)]
    like, others = of_their_like(Cohorts("rougeL", 100, 5, (over,)), examples)
    assert [one.id for one in like] == ["b"]
    assert [one.id for one in others] == ["a", "c"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    cohort = Cohort("w", (Bound("word who", False, 0.0),), 50, 20, 1.0, 2.0, -1.5, -0.5, 0.01)
    found = Cohorts("rougeL", 100, 5, (cohort,))
    write_json(tmp_path / "cohorts.json", found.to_json())
    assert read_cohorts(tmp_path) == read_cohorts(tmp_path / "cohorts.json") == found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"metric": "rougeL"}, "questions: Field required"),
        ({"metric": "rougeL", "questions": 1, "tried": 1, "cohorts": [3]}, "cohorts.0"),
    ],
)
def test_files_that_hold_no_groups_are_refused(tmp_path: Path, content: object, said: str) -> None:
    write_json(tmp_path / "cohorts.json", content)
    with pytest.raises(InputError, match=said):
        read_cohorts(tmp_path)


def test_an_unknown_feature_is_refused(tmp_path: Path) -> None:
    cohort = Cohort("w", (Bound("colour", True, 0.0),), 50, 20, 1.0, 2.0, -1.5, -0.5, 0.01)
    write_json(tmp_path / "cohorts.json", Cohorts("rougeL", 100, 5, (cohort,)).to_json())
    with pytest.raises(InputError, match="there is no feature 'colour'"):
        read_cohorts(tmp_path)


def test_a_folder_without_groups_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_cohorts(tmp_path)


def test_sources_are_features_where_they_are_few() -> None:
    examples = [made("a", 3, source="https://en.example/A"), made("b", 3, source="b.jsonl")]
    names = [one.name for one in features_of(examples)]
    assert names[len(FEATURES) :] == ["source b.jsonl", "source en.example"]
    feature = feature_named("source en.example")
    assert feature is not None
    assert [feature.value(one) for one in examples] == [1.0, 0.0]
    assert len(features_of(examples[:1])) == len(FEATURES)


@given(st.integers(1, 80), st.sampled_from(FEATURES))
def test_features_are_whole_numbers_and_read_back_by_name(rows: int, feature: object) -> None:
    assert feature_named(feature.name) is feature  # type: ignore[attr-defined]
    value = feature.value(made("a", rows))  # type: ignore[attr-defined]
    assert value == int(value) >= 0


def test_kinds_of_columns_are_known() -> None:
    values = {one.name: one.value(made("a", 30)) for one in FEATURES}
    assert values["kind date"] == 1.0
    assert values["rows"] == 30.0
    assert values["evidence"] == 1.0
    assert values["word what"] == 1.0
