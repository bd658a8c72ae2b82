import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gentap.errors import InputError
from gentap.questions.writer_input import Entry, WriterInput
from gentap.questions.writers.interface import Unwritten
from gentap.questions.writers.transformers_writer import TransformersWriter, by_length, until_end
from gentap.settings.question_sections import WriteSettings

FP32: dict[str, Any] = {"precision": "fp32", "max_question_tokens": 12}


def local(folder: Path, **settings: Any) -> TransformersWriter:
    return TransformersWriter(str(folder), WriteSettings(**{**FP32, **settings}))


def test_a_search_gives_different_questions_best_first(
    writer: Path, sources: list[WriterInput]
) -> None:
    found = local(writer, beams=4).write(sources, 1)
    assert len(found) == len(sources)
    for candidates in found:
        assert not isinstance(candidates, Unwritten)
        scores = [one.score for one in candidates]
        assert scores == sorted(scores, reverse=True)
        assert len({one.question for one in candidates}) == len(candidates) <= 4
        assert all(score is not None and math.isfinite(score) and score < 0 for score in scores)
    assert max(map(len, found)) > 1


@pytest.mark.parametrize(
    "settings", [{"beams": 1}, {"beams": 3, "candidates": 2}, {"temperature": 1.0, "candidates": 3}]
)
def test_equal_calls_give_equal_questions(
    writer: Path, sources: list[WriterInput], settings: dict[str, Any]
) -> None:
    model = local(writer, batch_size=64, **settings)
    once = model.write(sources, 1)
    assert (
        once
        == model.write(sources, 1)
        == local(writer, batch_size=64, **settings).write(sources, 1)
    )


def test_draws_depend_on_the_seed(writer: Path, sources: list[WriterInput]) -> None:
    model = local(writer, temperature=1.5, candidates=2)
    assert model.write(sources, 1) != model.write(sources, 2)


def test_a_question_s_score_is_that_of_its_tokens(writer: Path, sources: list[WriterInput]) -> None:
    model = local(writer, beams=1, candidates=1)
    for source, written in zip(sources, model.write(sources, 1), strict=True):
        assert not isinstance(written, Unwritten)
        ids = model.codec.encode_question(written[0].question, source)
        again = model.score([(source, written[0].question)])
        assert len(again) == 1
        if model.codec.decode(ids, model.codec.pieces(source)) == written[0].question:
            assert again[0] < 0


def test_scores_do_not_depend_on_the_batch(writer: Path, sources: list[WriterInput]) -> None:
    pairs = [(source, "Who won the cup by the river?") for source in sources]
    alone = [local(writer).score([pair])[0] for pair in pairs]
    assert local(writer, batch_size=5).score(pairs) == pytest.approx(alone, abs=1e-4)


def test_an_empty_sentence_a_long_one_and_one_without_entries(
    writer: Path, sources: list[WriterInput]
) -> None:
    odd = [
        replace(sources[0], sentence=""),
        replace(sources[0], sentence="word " * 5000),
        replace(sources[0], entries=()),
        WriterInput(sentence="", entries=()),
    ]
    model = local(writer, beams=2)
    found = model.write([sources[1], *odd, sources[2]], 1)
    assert found[2] == Unwritten("sentence too long for the writer")
    assert all(isinstance(found[place], list) for place in (0, 1, 3, 4, 5))
    assert model.score([(odd[1], "Who?"), (odd[0], "Who?")])[0] == float("-inf")


def test_tags_become_what_they_stand_for(writer: Path) -> None:
    codec = local(writer).codec
    source = WriterInput(
        title="Cups",
        sentence="Ada Dawn's team won in 1914.",
        entries=(Entry("1914"), Entry("Ada Dawn")),
    )
    for question in (
        "When did Ada Dawn's team win?",
        "Who won in 1914?",
        "1914",
        "Ada Dawn (1914)?",
    ):
        ids = codec.encode_question(question, source)
        assert codec.decode(ids, codec.pieces(source)) == question
    unknown = codec.tokenizer.hf.convert_tokens_to_ids(["<extra_id_9>"])
    assert codec.decode(unknown, codec.pieces(source)) == "<extra_id_9>"


def test_a_vocabulary_without_tags_is_refused(
    make_writer: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_writer(tmp_path / "model")
    (folder / "writer.json").write_text(json.dumps({"max_entries": 100, "tags": True}))
    with pytest.raises(InputError, match=r"100 of the tags .* 101 are needed"):
        local(folder)


def test_batches_are_of_like_length() -> None:
    inputs = [[0] * size for size in (5, 1, 3, 1, 9)]
    assert list(by_length([*inputs, None], 2)) == [[1, 3], [2, 0], [4]]


def test_generated_ids_end_with_their_end_mark() -> None:
    assert until_end([5, 6, 1, 0, 0], 1, 0) == [5, 6, 1]
    assert until_end([5, 6, 0], 1, 0) == [5, 6]
    assert until_end([1, 5], 1, 0) == [1]
