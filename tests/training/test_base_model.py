from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, T5ForConditionalGeneration

from gentap.errors import InputError
from gentap.model.network import load_model
from gentap.model.tokenizer import load_saved_tokenizer
from gentap.records import (
    DOCUMENT_SCHEMA,
    MINED_SCHEMA,
    TABLE_SCHEMA,
    Mined,
    NamedCell,
    SourcedTable,
    Table,
    mined_to_row,
    sourced_table_to_row,
)
from gentap.runs.store import open_stage
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import BaseSettings
from gentap.tables.linearize import SPECIAL_TOKENS
from gentap.training import base_model as base
from gentap.training.base_model import train_base
from gentap.training.data.lookups import LookupStream
from gentap.training.loop.trainer import Trained

LINEARIZER = LinearizerSettings(max_tokens=96, max_question_tokens=48, max_cell_chars=40)


def write_part(folder: Path, rows: list[dict[str, Any]], schema: Any) -> None:
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "part-00000.parquet")


@pytest.fixture
def mined(tmp_path: Path, texts: list[str]) -> Path:
    """Thirty pages of five sentences, sixty small tables, and forty sentences that name cells."""
    folder = tmp_path / "mined"
    documents = [
        {"url": f"page/{page}", "title": f"Page {page}", "blocks": texts[5 * page : 5 * page + 5]}
        for page in range(30)
    ]
    tables = [
        SourcedTable(
            id=f"{number:016x}",
            url=f"page/{number % 30}",
            table=Table(
                title=f"Bridges of river {number}",
                header=("Bridge", "Opened"),
                rows=tuple((f"bridge {row}", str(1850 + number + row)) for row in range(3)),
            ),
        )
        for number in range(60)
    ]
    write_part(folder / "documents", documents, DOCUMENT_SCHEMA)
    sentences = [
        Mined(
            id=f"{number:04}",
            sentence=text.partition(" by ")[0] + ".",
            url=f"page/{number}",
            table=tables[number].table,
            row=0,
            cells=(NamedCell(0, 0, 4, 9), NamedCell(0, 1, text.index("18"), text.index("18") + 4)),
        )
        for number, text in enumerate(texts[:40])
    ]
    write_part(folder / "sentences", [mined_to_row(one) for one in sentences], MINED_SCHEMA)
    write_part(folder / "tables", [sourced_table_to_row(table) for table in tables], TABLE_SCHEMA)
    return folder


def settings(**changes: Any) -> BaseSettings:
    values = {"size": "tiny", "vocabulary": 320, "window": 96, "max_steps": 2, "lookup_steps": 0}
    return BaseSettings(**{**values, "batch_tokens": 128, "precision": "fp32", **changes})


@pytest.fixture
def make(mined: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def train(name: str, source: Path = mined, **changes: Any) -> dict[str, Any]:
        with open_stage(tmp_path / name, "base", {}, []) as folder:
            assert folder is not None
            return train_base(source, settings(**changes), LINEARIZER, folder, seed=3)

    return train


def test_a_base_is_an_ordinary_checkpoint_folder(tmp_path: Path, make) -> None:
    stats = make("base")
    folder = tmp_path / "base"
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "linearizer.json"} <= names
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert type(model) is T5ForConditionalGeneration
    assert len(tokenizer) == stats["vocabulary"] <= model.config.vocab_size
    assert model.config.vocab_size % 64 == 0
    assert set(SPECIAL_TOKENS) <= set(tokenizer.get_vocab())
    written = tokenizer("The bridge of the river", return_tensors="pt")
    assert tokenizer.decode(written["input_ids"][0], skip_special_tokens=True) == (
        "The bridge of the river"
    )
    labels = torch.tensor([[5, 6, 1]])
    stock = model(**written, labels=labels).loss.item()
    assert load_model(str(folder))(**written, labels=labels).loss.item() == pytest.approx(stock)
    assert load_saved_tokenizer(folder).settings == LINEARIZER
    assert stats["steps"] == 2
    assert stats["parameters"] == sum(weight.numel() for weight in model.parameters())


def test_the_same_corpus_and_seed_give_the_same_bytes(tmp_path: Path, make) -> None:
    make("one")
    make("two")
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    "shares",
    [
        (0.0, 0.0, 0.0),
        (0.2, 0.0, 0.0),
        (0.3, 0.4, 0.2),
        (1.0, 0.0, 0.0),
        (0.0, 0.5, 0.5),
        (0.0, 0.0, 0.7),
    ],
)
def test_windows_are_mixed_in_the_wanted_shares(
    make, shares: tuple[float, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    monkeypatch.setattr(base, "finish_model", lambda *rest: None)
    monkeypatch.setattr(
        base, "train", lambda *rest, **more: given.append(rest) or Trained({"history": []}, None)
    )
    names = ("table_share", "sentence_share", "lookup_share")
    stats = make("base", **dict(zip(names, shares, strict=True)), held_out=0, max_steps=0)
    stream = given[0][1]["pairs"]
    counts = stats["counts"]
    assert (counts["tables windows"] == 60) == (shares[0] > 0)
    assert (counts["sentences windows"] == 40) == (shares[1] > 0)
    assert (counts["lookups windows"] == 60) == (shares[2] > 0)
    assert (counts["prose windows"] > 50) == (sum(shares) < 1)
    sizes = {"prose": counts["prose windows"], "tables": 60, "sentences": 40, "lookups": 60}
    wanted = dict(zip(sizes, (1 - sum(shares), *shares), strict=True))
    total = max(sizes[name] / wanted[name] for name in sizes if wanted[name] > 1e-9)
    assert len(stream) == pytest.approx(total, abs=4)
    sizes_of_inputs = stream.lengths()[:, 0]
    assert 4 <= sizes_of_inputs.min() <= sizes_of_inputs.max() <= 96
    assert stats["characters"] > 5000


def test_no_more_tables_are_tokenized_for_lookups_than_their_steps_can_show(make) -> None:
    few = {"lookup_steps": 6, "lookup_batch_tokens": 96, "lookup_share": 0.0, "held_out": 0.0}
    assert 0 < make("few", **few)["counts"]["lookups windows"] < 40
    assert make("none", **{**few, "lookup_steps": 0})["counts"]["lookups windows"] == 0


def test_held_out_pages_measure_and_are_not_learnt_from(
    make, mined: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    monkeypatch.setattr(base, "finish_model", lambda *rest: None)
    monkeypatch.setattr(
        base, "train", lambda *rest, **more: given.append(rest) or Trained({"history": []}, None)
    )
    shares = {"table_share": 0.25, "sentence_share": 0.25, "lookup_share": 0.25}
    counts = make("base", held_out=0.3, max_steps=0, **shares)["counts"]
    dev = given[0][2]
    assert set(dev) == {"sentences", "lookups"}
    assert len(dev["sentences"]) + counts["sentences windows"] == 40
    assert len(dev["lookups"]) + counts["lookups windows"] == 60
    assert len(dev["lookups"]) + counts["tables windows"] == 60
    assert 0 < len(dev["sentences"]) < 40


def test_what_is_found_in_held_out_pages_is_reported(make) -> None:
    stats = make("base", held_out=0.3)
    looks = [entry for entry in stats["history"] if "eval_loss" in entry]
    assert stats["held_out_values_recovered"] == {
        name: looks[-1][f"eval_{name}_exact"] for name in ("sentences", "lookups")
    }
    assert "held_out_values_recovered" not in make("other", held_out=0)


def test_a_break_after_the_vocabulary_ends_in_the_same_base(
    tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("whole")

    def breaks(*rest: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(base, "train", breaks)
        with pytest.raises(KeyboardInterrupt):
            make("broken")
    assert (tmp_path / "broken" / ".work" / "vocabulary" / "tokenizer.json").exists()
    make("broken")
    whole, broken = (tmp_path / name / "model.safetensors" for name in ("whole", "broken"))
    assert whole.read_bytes() == broken.read_bytes()


@pytest.mark.parametrize("broken", [1, 2])
def test_lookups_come_first_and_a_break_in_either_part_ends_in_the_same_base(
    tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    steps = {"lookup_steps": 3, "lookup_batch_tokens": 96, "held_out": 0.3, "save_every": 1}
    stats = make("whole", **steps)
    assert (stats["lookups_alone"]["steps"], stats["steps"]) == (3, 2)
    alone = [entry for entry in stats["lookups_alone"]["history"] if "eval_loss" in entry]
    assert {name for entry in alone for name in entry if "exact" in name} == {"eval_lookups_exact"}
    calls = []
    whole_train = base.train

    def breaks(*rest: Any, **more: Any) -> Trained:
        calls.append(rest[1]["pairs"])
        trained = whole_train(*rest, **more)
        if len(calls) == broken:
            raise KeyboardInterrupt
        return trained

    with monkeypatch.context() as patch:
        patch.setattr(base, "train", breaks)
        with pytest.raises(KeyboardInterrupt):
            make("broken", **steps)
    assert isinstance(calls[0], LookupStream)
    again = make("broken", **steps)
    whole, resumed = (tmp_path / name / "model.safetensors" for name in ("whole", "broken"))
    assert whole.read_bytes() == resumed.read_bytes()
    assert again["lookups_alone"] == stats["lookups_alone"]


def test_a_folder_without_documents_is_named(tmp_path: Path, make) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no documents") as caught:
        make("base", tmp_path / "empty")
    assert str(tmp_path / "empty") in str(caught.value)


def test_documents_that_are_too_short_are_refused(tmp_path: Path, make) -> None:
    rows = [{"url": "page", "title": "Page", "blocks": ["a"]}]
    write_part(tmp_path / "short" / "documents", rows, DOCUMENT_SCHEMA)
    with pytest.raises(InputError, match=r"too short to learn from|could be learnt"):
        make("base", tmp_path / "short", table_share=0, sentence_share=0, lookup_share=0)
