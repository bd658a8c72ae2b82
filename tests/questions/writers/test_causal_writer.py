"""Decoder-only models as writers: trained, searched, drawn from, scored."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from causal_toys import save_causal_toy

from gentap.errors import InputError, SettingError
from gentap.model.loading.load import load_table_model
from gentap.questions.writer_input import Entry, WriterInput, load_layout
from gentap.questions.writers.causal_writer import CausalWriter
from gentap.questions.writers.interface import Unwritten
from gentap.questions.writers.open_writer import check_writer, open_local_writer, open_writer
from gentap.settings.question_sections import WriteSettings
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import WriterSettings
from gentap.stages.question_stages import WriterStage

FP32: dict[str, Any] = {"precision": "fp32", "max_question_tokens": 24}
FACTS = [("Ada Dawn", 1914), ("Bo Dusk", 1915), ("Cy Noon", 1916)]
SOURCES = [
    WriterInput(
        title=name, sentence=f"{name} won in {year}.", entries=(Entry(str(year)), Entry(name))
    )
    for name, year in FACTS
]


def stage(folder: Path, base: Path, **changes: Any) -> WriterStage:
    articles = []
    for name, year in FACTS:
        context = f"{name} won in {year}."
        answers = [{"text": str(year), "answer_start": context.index(str(year))}]
        asked = [{"id": name, "question": f"When did {name} win?", "answers": answers}]
        articles.append({"title": name, "paragraphs": [{"context": context, "qas": asked}]})
    (folder / "reading.json").write_text(json.dumps({"data": articles}))
    settings = {
        "data": [str(folder / "reading.json")],
        "held_out": 0.0,
        "epochs": 150,
        "batch_tokens": 256,
        "dropout": 0.0,
        "learning_rate": 3e-3,
        "optimizer": "adamw",
        "precision": "fp32",
        "adapters": {"learning_rate": 3e-3},
        **changes,
    }
    linearizer = LinearizerSettings(max_tokens=128, max_question_tokens=32)
    return WriterStage(
        base=str(base), writer=WriterSettings(**settings), linearizer=linearizer, seed=1
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_causal_toy(
        tmp_path_factory.mktemp("stock") / "base",
        hidden_size=64,
        intermediate_size=128,
        head_dim=16,
    )


@pytest.fixture(scope="module")
def taught(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A writer that has seen three questions many times."""
    folder = tmp_path_factory.mktemp("taught")
    stage(folder, base).make(folder / "writer")
    return folder / "writer"


def local(folder: Path, **settings: Any) -> CausalWriter:
    writer = open_local_writer(str(folder), WriteSettings(**{**FP32, **settings}))
    assert isinstance(writer, CausalWriter)
    return writer


@pytest.mark.parametrize("beams", [1, 3])
def test_a_writer_writes_what_it_was_taught(taught: Path, beams: int) -> None:
    assert load_layout(str(taught)).tags is False
    writer = local(taught, beams=beams)
    written = writer.write(SOURCES, 1)
    for (name, _), candidates in zip(FACTS, written, strict=True):
        assert not isinstance(candidates, Unwritten)
        assert candidates[0].question == f"When did {name} win?"
        scores = [one.score for one in candidates]
        assert scores == sorted(scores, reverse=True)
        assert len({one.question for one in candidates}) == len(candidates) <= beams
        assert all(score is not None and math.isfinite(score) for score in scores)
    assert written == local(taught, beams=beams, batch_size=1).write(SOURCES, 1) or beams > 1


def test_a_writer_has_one_decoder_and_may_become_a_base(taught: Path) -> None:
    assert not (taught / "cell").exists()
    model = load_table_model(str(taught))
    assert model.adapters.is_zero("cell")
    assert not model.adapters.is_zero("long")


def test_draws_depend_on_the_seed_alone(taught: Path) -> None:
    writer = local(taught, temperature=2.0, candidates=4)
    once = writer.write(SOURCES, 1)
    assert (
        once
        == writer.write(SOURCES, 1)
        == local(taught, temperature=2.0, candidates=4).write(SOURCES, 1)
    )
    assert once != writer.write(SOURCES, 2)
    greedy = local(taught, temperature=1e-4, candidates=2).write(SOURCES, 3)
    for (name, _), candidates in zip(FACTS, greedy, strict=True):
        assert not isinstance(candidates, Unwritten)
        assert [one.question for one in candidates] == [f"When did {name} win?"]


def test_scores_are_those_of_the_model_s_whole_sequence(taught: Path) -> None:
    writer = local(taught)
    question = "When did Bo Dusk win?"
    scores = writer.score([(source, question) for source in SOURCES])
    alone = [writer.score([(source, question)])[0] for source in SOURCES]
    assert scores == pytest.approx(alone, abs=1e-4)
    assert max(scores) == scores[1]
    ids = writer.codec.encode(SOURCES[1])
    target = writer.codec.encode_question(question, SOURCES[1])
    assert ids is not None
    model = writer.model
    with torch.no_grad():
        logits = model(
            torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.long),
            labels=torch.tensor([target]),
        ).logits[0]  # fmt: skip
    wanted = logits.log_softmax(-1)[torch.arange(len(target)), target].mean()
    assert scores[1] == pytest.approx(float(wanted), abs=1e-4)


def test_tags_that_the_vocabulary_lacks_are_refused_where_they_are_asked_for(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=r"0 of the tags .* Train with writer.tags = false"):
        stage(tmp_path, base, tags=True).check()
    stage(tmp_path, base).check()


@pytest.mark.parametrize("backend", ["ctranslate2", "ctranslate2-int8"])
def test_ctranslate2_is_refused(taught: Path, tmp_path: Path, backend: str) -> None:
    settings = WriteSettings(backend=backend)
    with pytest.raises(SettingError, match="a decoder-only model"):
        check_writer(str(taught), settings)
    with pytest.raises(SettingError, match="a decoder-only model"):
        open_writer(str(taught), settings, tmp_path)
