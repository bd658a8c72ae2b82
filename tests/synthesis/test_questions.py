from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.errors import InputError
from gentap.settings import WriteSettings
from gentap.store import StageFolder
from gentap.synthesis import questions
from gentap.synthesis.questions import _entries_learnt, unfit_question, write_questions

SENTENCE = "Ada Dawn won the Cup in 1914."


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("When did Ada Dawn win the Cup?", None),
        ("Who won it?", None),
        ("Ada Dawn won the Cup", "not one question"),
        ("Who won the Cup? When?", "not one question"),
        ("", "not one question"),
        ("Who won?", "question too short"),
        ("?", "question too short"),
        ("When did she when did she win?", "question repeats itself"),
        ("Oh, when did she WHEN did she win?", "question repeats itself"),
        ("Who, who, who won the Cup?", None),
        ("Ada Dawn won the Cup in 1914?", "question copies the sentence"),
        ("ADA dawn WON the cup?", "question copies the sentence"),
        ("Who won the Cup in 1914?", None),
    ],
)
def test_why_a_question_is_set_aside(question: str, reason: str | None) -> None:
    assert unfit_question(question, SENTENCE, WriteSettings()) == reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"min_words": 7}, None),
        ({"min_words": 8}, "question too short"),
        ({"max_copied": 0.5}, "question copies the sentence"),
        ({"max_copied": 0.6}, None),
    ],
)
def test_the_settings_bound_length_and_copying(changed: dict[str, Any], reason: str | None) -> None:
    question = "When did Ada Dawn win the Cup?"
    assert unfit_question(question, SENTENCE, WriteSettings(**changed)) == reason


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any),
    most=st.integers(0, 12),
    shard_records=st.integers(1, 4),
)
def test_no_more_sentences_are_written_for_than_asked(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], most: int, shard_records: int
) -> None:
    folder = tmp_path_factory.mktemp("counted")
    files = [folder / f"part-{number:05d}.parquet" for number in range(len(counts))]
    for file, count in zip(files, counts, strict=True):
        pq.write_table(pa.table({"id": [""] * count}), file)
    shards = questions._plan(files, WriteSettings(max_sentences=most, shard_records=shard_records))
    begins = [sum(counts[:number]) for number in range(len(counts))]
    chosen = []
    for file, start, stop, stride in shards:
        places = range(start, stop, stride)
        assert 1 <= len(places) <= shard_records
        assert stop <= counts[files.index(file)]
        chosen += [begins[files.index(file)] + place for place in places]
    stride = -(-sum(counts) // most) if most else 1
    assert chosen == list(range(0, sum(counts), stride))
    assert not most or len(chosen) <= most


def test_a_folder_without_sentences_is_an_error(
    tmp_path: Path, open_folder: Callable[[Path], StageFolder]
) -> None:
    with pytest.raises(InputError, match="holds no mined sentences"):
        write_questions(tmp_path, "none", WriteSettings(), open_folder(tmp_path / "out"), seed=1)


def test_a_writer_is_given_as_many_entries_as_it_learnt_with(tmp_path: Path) -> None:
    assert _entries_learnt(tmp_path) == 6
    (tmp_path / "recipe.toml").write_text("[writer]\nmax_entries = 2\n")
    assert _entries_learnt(tmp_path) == 2
