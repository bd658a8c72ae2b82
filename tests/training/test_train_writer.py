"""What the question writer is trained on: its pairs, as they are and as somebody edited them."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from toy_training import QUICK, TOO_LONG

from gentap.errors import InputError
from gentap.model.loading.checkpoints import load_seq2seq
from gentap.records import PAIR_SCHEMA
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import WriterSettings
from gentap.training.data.losses import losses_told
from gentap.training.train_stages import train_writer


def write_pairs(folder: Path, targets: list[str]) -> None:
    folder.mkdir(parents=True)
    rows = [
        {
            "id": str(number),
            "origin": "reading",
            "pieces": [
                {"mark": "<title>", "text": "Bridges"},
                {"mark": "<entry>", "text": f"bridge {number}"},
                {"mark": "<sentence>", "text": f"bridge {number} was opened in 1850."},
            ],
            "target_pieces": [{"mark": "", "text": target}],
            "target": target,
        }
        for number, target in enumerate(targets)
    ]
    pq.write_table(pa.Table.from_pylist(rows, PAIR_SCHEMA), folder / "part-00000.parquet")


QUESTIONS = [f"when was bridge {number} opened?" for number in range(5)]


def run_writer(stage: Any, base: Path, train: list[str], dev: list[str]) -> dict[str, Any]:
    with stage("writer") as folder:
        for split, targets in (("train", train), ("dev", dev)):
            if targets and not (folder.path / "pairs" / split).exists():
                write_pairs(folder.path / "pairs" / split, targets)
        settings = WriterSettings(**QUICK)
        return train_writer(str(base), settings, LinearizerSettings(), folder, seed=5)


def test_the_writer_stays_a_stock_t5(tmp_path: Path, base: Path, stage) -> None:
    stats = run_writer(stage, base, [*QUESTIONS, TOO_LONG], [*QUESTIONS[:2], TOO_LONG])
    assert json.loads((tmp_path / "writer" / "config.json").read_text())["model_type"] == "t5"
    new, old = load_seq2seq(str(tmp_path / "writer")), load_seq2seq(str(base))
    assert not torch.equal(new.shared.weight, old.shared.weight)
    assert stats["examples"] == {"pairs": 5}
    assert stats["rejected"] == {"question too long to learn from": 2}
    assert losses_told(stats) == [
        "warning: question too long to learn from: 1 of 6 (17%): raise max_target_tokens or "
        "linearizer.max_tokens",
        "warning: dev: question too long to learn from: 1 of 3 (33%): raise max_target_tokens or "
        "linearizer.max_tokens",
    ]
    assert stats["best_dev_loss"] is not None


def test_the_writer_reads_marked_pieces_and_writes_the_question(
    tmp_path: Path, base: Path, stage, kept_tokens, tokenizer
) -> None:
    stats = run_writer(stage, base, QUESTIONS, [])
    assert stats["best_dev_loss"] is None
    pairs = list(kept_tokens(tmp_path / "writer" / ".work" / "tokens" / "train"))
    for number, (source, target) in enumerate(pairs):
        said = tokenizer.hf.decode(source, skip_special_tokens=False)
        assert " ".join(said.split()) == (
            f"<title> Bridges<entry> bridge {number}<sentence> bridge {number} was opened in 1850."
            "</s>"
        )
        assert target == tokenizer.target_ids(QUESTIONS[number])
    assert len(pairs) == 5


def test_a_writer_without_a_question_to_learn_from_is_refused(base: Path, stage) -> None:
    with pytest.raises(InputError, match="no question can be used"):
        run_writer(stage, base, [TOO_LONG], [])


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("id", None, "the column id holds a null"),
        ("pieces", None, "the column pieces holds a null"),
        ("pieces", [{"mark": "<title>", "text": None}], "the column pieces holds a null"),
        ("pieces", [None], "the column pieces holds a null"),
        ("target_pieces", [{"mark": "<none>", "text": "when?"}], "has the mark '<none>', which"),
        ("pieces", [{"mark": "</s>", "text": "when?"}], "has the mark '</s>', which"),
    ],
)
def test_pairs_that_somebody_edited_are_refused(
    tmp_path: Path, base: Path, stage, name: str, value: Any, told: str
) -> None:
    folder = tmp_path / "writer" / "pairs" / "train"
    with stage("writer"):
        write_pairs(folder, QUESTIONS)
    part = folder / "part-00000.parquet"
    table = pq.read_table(part)
    changed = pa.array([value, *table[name].to_pylist()[1:]], table.schema.field(name).type)
    place = table.column_names.index(name)
    pq.write_table(table.set_column(place, name, changed), part)
    with pytest.raises(InputError, match=re.escape(told)):
        run_writer(stage, base, QUESTIONS, [])


@pytest.mark.parametrize("kind", [pa.string(), pa.list_(pa.string()), pa.int64()])
def test_pairs_of_other_types_are_refused(tmp_path: Path, base: Path, stage, kind: Any) -> None:
    folder = tmp_path / "writer" / "pairs" / "train"
    with stage("writer"):
        write_pairs(folder, QUESTIONS)
    part = folder / "part-00000.parquet"
    table = pq.read_table(part)
    place = table.column_names.index("pieces")
    pq.write_table(table.set_column(place, "pieces", pa.nulls(len(table), kind)), part)
    with pytest.raises(InputError, match=r"part-00000\.parquet: the column pieces holds "):
        run_writer(stage, base, QUESTIONS, [])
