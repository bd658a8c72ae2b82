import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from causal_toys import save_causal_toy
from safetensors.torch import load_file
from toy_training import QUICK, TOO_LONG

from gentap.errors import InputError, SettingError
from gentap.model.network import load_model
from gentap.model.tokenizer import TableTokenizer, load_saved_tokenizer, load_tokenizer
from gentap.records import (
    TABLE_SCHEMA,
    Cell,
    Example,
    SourcedTable,
    Table,
    sourced_table_to_row,
)
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import FinetuneSettings, PretrainSettings
from gentap.tables.linearize import linearize
from gentap.training import train_stages as stages
from gentap.training.data.losses import losses_told
from gentap.training.data.streams import ReplacedStream
from gentap.training.data.token_store import TokenStore
from gentap.training.data.windows import hiding_of, parting_of
from gentap.training.loop.trainer import train
from gentap.training.train_stages import finetune, pretrain


def table(rows: int) -> Table:
    return Table(
        title="Bridges",
        header=("bridge", "opened"),
        rows=tuple((f"bridge {row}", str(1850 + row)) for row in range(rows)),
    )


def example(number: int, kind: str, *, rows: int = 2, **changes: Any) -> Example:
    values = {
        "id": f"{kind}-{number}",
        "kind": kind,
        "origin": {"long": "mined", "cell": "grammar"}[kind],
        "question": f"when was bridge {number} opened?",
        "answer": f"bridge {number} was opened early" if kind == "long" else str(1850 + number),
        "table": table(rows),
        "cells": (Cell(0, 1),),
        "source": "page",
    }
    return Example(**{**values, **changes})


def examples(kind: str, count: int = 6, **changes: Any) -> list[Example]:
    return [example(number, kind, **changes) for number in range(count)]


@pytest.fixture
def write_tables() -> Callable[[Path, int], Path]:
    """Writes a mined folder's tables, of no row, of one, of two, …"""

    def write(folder: Path, count: int) -> Path:
        tables = folder / "tables"
        tables.mkdir(parents=True)
        rows = [
            sourced_table_to_row(SourcedTable(id=f"t{rows}", url="u", table=table(rows)))
            for rows in range(count)
        ]
        pq.write_table(pa.Table.from_pylist(rows, TABLE_SCHEMA), tables / "part-00000.parquet")
        return folder

    return write


@pytest.fixture
def run_pretrain(stage, tmp_path: Path, base: Path, write_examples) -> Callable[..., Any]:
    def run(name: str, *, model: Path = base, **corpora: list[Example]) -> dict[str, Any]:
        paths = {}
        for kind, corpus in corpora.items():
            paths[kind] = tmp_path / f"{name}-{kind}"
            if not paths[kind].exists():
                write_examples(paths[kind], corpus)
        with stage(name) as folder:
            settings = PretrainSettings(**QUICK)
            given = {kind: [path] for kind, path in paths.items()}
            return pretrain(str(model), given, settings, LinearizerSettings(), folder, seed=5)

    return run


def weights(folder: Path, *beginnings: str) -> dict[str, torch.Tensor]:
    return {
        name: weight
        for name, weight in load_file(folder / "model.safetensors").items()
        if name.startswith(beginnings)
    }


def changed(before: Any, after: Path, part: str) -> bool:
    old, new = before.state_dict(), load_model(str(after)).state_dict()
    names = [name for name in old if name.startswith(part) and "embed_tokens" not in name]
    assert names
    return any(not torch.equal(old[name], new[name]) for name in names)


@pytest.mark.parametrize("kinds", [("long", "cell"), ("long",), ("cell",)])
def test_pretraining_moves_the_decoders_that_have_a_corpus(tmp_path, base, run_pretrain, kinds):
    stats = run_pretrain("out", **{kind: examples(kind) for kind in kinds})
    before = load_model(str(base))
    assert changed(before, tmp_path / "out", "long.encoder.")
    assert changed(before, tmp_path / "out", "long.decoder.") is ("long" in kinds)
    assert changed(before, tmp_path / "out", "cell.decoder.") is ("cell" in kinds)
    assert stats["examples"] == dict.fromkeys(kinds, 6)
    assert stats["counts"] == {
        "examples": 6 * len(kinds),
        "examples whose table was cut": 0,
        "examples with all evidence kept": 6 * len(kinds),
    }
    assert stats["rejected"] == {}
    saved = load_saved_tokenizer(tmp_path / "out")
    assert saved.settings.max_tokens == 64


def sentences_of(
    stage: Any, base: Path, corpora: dict[str, list[Path]], **given: Any
) -> tuple[dict[str, Any], Counter[str]]:
    """What was counted, and how many sentence answers of each beginning a step's plan draws on."""
    drawn: Counter[str] = Counter()

    def look(model: Any, streams: Any, *rest: Any, **more: Any) -> Any:
        tokenizer = load_tokenizer(str(base), LinearizerSettings())
        stream = streams["long"]
        targets = [stream.pair(place, 0)[1] for place in range(len(stream))]
        drawn.update(text.split()[0] for text in tokenizer.texts(targets))
        return train(model, streams, *rest, **more)

    with pytest.MonkeyPatch.context() as patch, stage("out") as folder:
        patch.setattr(stages, "train", look)
        settings = PretrainSettings(**QUICK, **given)
        stats = pretrain(str(base), corpora, settings, LinearizerSettings(), folder, seed=5)
    return stats, drawn


@pytest.fixture
def both_sentences(tmp_path: Path, write_examples: Any) -> list[Path]:
    """A folder of three written sentences, and one of twelve that a grammar states, with cells."""
    stated = examples("long", 12, origin="grammar", answer="early was bridge")
    return [
        write_examples(tmp_path / "written", examples("long", 3)),
        write_examples(tmp_path / "sampled", stated + examples("cell", 5)),
    ]


@pytest.mark.parametrize(
    ("share", "drawn"),
    [
        (0.5, {"bridge": 12, "early": 12}),
        (0.25, {"bridge": 36, "early": 12}),
        (0.0, {"bridge": 3}),
    ],
)
def test_a_grammars_sentences_are_a_share_of_all(
    stage, base: Path, both_sentences: list[Path], share: float, drawn: dict[str, int]
) -> None:
    corpora = {"long": both_sentences, "cell": both_sentences[1:]}
    stats, found = sentences_of(stage, base, corpora, stated=share)
    assert found == drawn
    assert stats["examples"] == {"long": 3, "cell": 5} | ({"stated": 12} if share else {})


def test_sentences_of_a_grammar_alone_are_all_that_is_learnt(
    stage, base: Path, both_sentences: list[Path]
) -> None:
    stats, drawn = sentences_of(stage, base, {"long": both_sentences[1:]})
    assert drawn == {"early": 12}
    assert stats["examples"] == {"stated": 12}


def test_where_a_grammars_sentences_are_all_and_none_is_wanted_it_is_said(
    stage, base: Path, both_sentences: list[Path]
) -> None:
    with pytest.raises(InputError, match="no long example of train in what was given"):
        sentences_of(stage, base, {"long": both_sentences[1:]}, stated=0)


def test_masked_cells_are_a_third_objective(
    tmp_path: Path, base: Path, stage, write_examples, write_tables, kept_tokens
) -> None:
    write_tables(tmp_path / "mined", 4)
    corpora = {
        "cell": [write_examples(tmp_path / "cell", examples("cell"))],
        "masked": [tmp_path / "mined"],
    }
    settings = PretrainSettings(**QUICK, mix={"masked": 2}, hidden_cells=0.5)
    with stage("out") as folder:
        stats = pretrain(str(base), corpora, settings, LinearizerSettings(), folder, seed=5)
    assert stats["examples"] == {"cell": 6, "masked": 3}
    assert stats["rejected"] == {"table without a cell to hide": 1}
    stored = list(kept_tokens(tmp_path / "out" / ".work" / "tokens" / "train-masked"))
    assert [len(flat) for _, flat in stored] == [4, 8, 12]


def test_replaced_cells_are_an_objective_beside_masked_ones(
    tmp_path: Path, base: Path, stage, write_examples, write_tables, kept_tokens
) -> None:
    write_tables(tmp_path / "mined", 4)
    corpora = {
        "long": [write_examples(tmp_path / "long", examples("long"))],
        "masked": [tmp_path / "mined"],
        "replaced": [tmp_path / "mined"],
    }
    settings = PretrainSettings(**QUICK, mix={"masked": 1, "replaced": 1})
    with stage("out") as folder:
        stats = pretrain(str(base), corpora, settings, LinearizerSettings(), folder, seed=5)
    assert stats["examples"] == {"long": 6, "masked": 3, "replaced": 3}
    assert stats["rejected"]["table without a cell to replace"] == 1
    stored = list(kept_tokens(tmp_path / "out" / ".work" / "tokens" / "train-replaced"))
    assert [len(flat) for _, flat in stored] == [6, 12, 18]


def test_a_decoder_only_base_parts_replaced_cells_by_the_tables_marks(
    tmp_path: Path, stage, write_tables, kept_tokens
) -> None:
    checkpoint = save_causal_toy(tmp_path / "base")
    short = LinearizerSettings(max_tokens=128, max_question_tokens=32)
    settings = PretrainSettings(**QUICK, mix={"long": 0, "cell": 0, "replaced": 1})
    corpora = {"replaced": [write_tables(tmp_path / "mined", 4)]}
    with stage("out") as folder:
        stats = pretrain(str(checkpoint), corpora, settings, short, folder, seed=5)
    assert stats["examples"] == {"replaced": 3}
    tokenizer = load_tokenizer(str(checkpoint), short)
    store = TokenStore(tmp_path / "out" / ".work" / "tokens" / "train-replaced")
    stream = ReplacedStream(store, tokenizer.linearizer, parting_of(tokenizer), 0.5, seed=1)
    source, target = stream.pair(2, 0)
    asks = tokenizer.linearizer.asks_answer
    assert tuple(source[-len(asks) :]) == asks
    told = re.findall("<row>(.+?)<cell>(.+?)(?=<)", tokenizer.hf.decode(target))
    assert len(told) == 3
    values = {value for row in table(3).rows for value in row}
    assert {text.strip() for pair in told for text in pair} <= values
    assert all(shown != stood for shown, stood in told)
    assert target[-1] == tokenizer.hf.eos_token_id


def test_masked_cells_need_sentinels(tmp_path: Path, base: Path, stage, tokenizer) -> None:
    class NoSentinels:
        eos_token_id = 1

        def get_vocab(self) -> dict[str, int]:
            return {"</s>": 1}

    with pytest.raises(SettingError, match="no sentinels"):
        hiding_of(TableTokenizer(NoSentinels(), tokenizer.linearizer), 1)


def test_the_order_of_the_corpora_does_not_count(tmp_path: Path, run_pretrain) -> None:
    corpora = {"long": examples("long"), "cell": examples("cell", 4)}
    one = run_pretrain("one", **corpora)
    two = run_pretrain("two", **dict(reversed(corpora.items())))
    assert one == two
    paths = [tmp_path / name / "model.safetensors" for name in ("one", "two")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_examples_that_are_too_long_are_counted_and_left_out(run_pretrain) -> None:
    stats = run_pretrain(
        "out",
        long=[
            *examples("long", 3),
            *examples("long", 2, answer=TOO_LONG),
            *examples("long", 2, rows=40),
            *examples("long", 1, question=TOO_LONG),
            *examples("long", 1, answer=" "),
            *examples("long", 1, rows=40, cells=tuple(Cell(row, 1) for row in range(40))),
        ],
        cell=[*examples("cell", 4), *examples("cell", 3, rows=40)],
    )
    assert stats["examples"] == {"long": 6, "cell": 4}
    assert stats["counts"] == {
        "examples": 10,
        "examples whose table was cut": 3,
        "examples with all evidence kept": 9,
        "examples whose evidence was cut": 1,
    }
    assert stats["rejected"] == {
        "answer too long to learn from": 2,
        "answer without a token": 1,
        "question too long for the model": 1,
        "sampled table too long for the model": 3,
    }
    assert sorted(losses_told(stats)) == [
        "warning: answer too long to learn from: 2 of 17 (12%): raise max_target_tokens",
        "warning: answer without a token: 1 of 17 (6%): give these an answer",
        "warning: examples whose evidence was cut: 1 of 17 (6%): raise linearizer.max_tokens",
        "warning: question too long for the model: 1 of 17 (6%): raise linearizer.max_tokens",
        "warning: sampled table too long for the model: 3 of 17 (18%): raise linearizer.max_tokens",
    ]


def test_a_sampled_table_is_never_cut_and_a_mined_one_fits(
    tmp_path: Path, run_pretrain, kept_tokens, tokenizer
) -> None:
    sampled = [example(0, "cell", rows=rows) for rows in range(1, 12)]
    mined = [example(0, "long", rows=rows) for rows in range(1, 12)]
    run_pretrain("out", long=mined, cell=sampled)
    spelled = {
        tuple(source): linearize(one.question, one.table)
        for one in sampled
        for source in [tokenizer.linearizer.encode(one.question, one.table, cut_table=False).ids]
    }
    fitting = [list(ids) for ids in spelled if len(ids) <= 64]
    assert 0 < len(fitting) < len(sampled)
    cell = list(kept_tokens(tmp_path / "out" / ".work" / "tokens" / "train-cell"))
    assert [source for source, _ in cell] == fitting
    assert all(target == tokenizer.target_ids("1850") for _, target in cell)
    long = list(kept_tokens(tmp_path / "out" / ".work" / "tokens" / "train-long"))
    assert len(long) == len(mined)
    assert max(len(source) for source, _ in long) <= 64
    evidence = tokenizer.hf.convert_ids_to_tokens(tokenizer.target_ids("1850")[:-1])
    for source, _ in long:
        said = "".join(tokenizer.hf.convert_ids_to_tokens(source))
        assert "".join(evidence) in said.partition("<row>")[2]


def test_counts_survive_a_break(tmp_path, run_pretrain, monkeypatch) -> None:
    corpora = {
        "long": [*examples("long", 4), *examples("long", 2, answer=TOO_LONG)],
        "cell": examples("cell", 5),
    }
    wanted = run_pretrain("whole", **corpora)

    def breaks(*rest: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stages, "finish_model", breaks)
        with pytest.raises(KeyboardInterrupt):
            run_pretrain("broken", **corpora)
    assert run_pretrain("broken", **corpora) == wanted
    paths = [tmp_path / name / "model.safetensors" for name in ("whole", "broken")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_corpus_without_parts_is_named(tmp_path: Path, base: Path, stage) -> None:
    (tmp_path / "corpus").mkdir()
    with stage("out") as folder, pytest.raises(InputError, match="holds no examples") as caught:
        pretrain(
            str(base),
            {"cell": [tmp_path / "corpus"]},
            PretrainSettings(**QUICK),
            LinearizerSettings(),
            folder,
            seed=1,
        )
    assert str(tmp_path / "corpus") in str(caught.value)


def test_a_corpus_of_which_nothing_fits_is_refused_with_the_reasons(run_pretrain) -> None:
    with pytest.raises(InputError, match=r"no cell example of train fits.*sampled table.*3"):
        run_pretrain("out", long=examples("long"), cell=examples("cell", 3, rows=40))


def test_where_no_sentence_of_a_grammar_fits_it_is_said_why(run_pretrain) -> None:
    stated = examples("long", 3, origin="grammar", rows=40)
    with pytest.raises(InputError, match=r"no long example of train fits.*sampled table.*3"):
        run_pretrain("out", long=stated)


def run_finetune(
    stage: Any, model: Path, train: list[Example], dev: list[Example], name: str = "tuned"
) -> dict[str, Any]:
    with stage(name) as folder:
        settings = FinetuneSettings(**QUICK)
        return finetune(str(model), train, dev, settings, LinearizerSettings(), folder, seed=5)


def annotated(kind: str, count: int = 4, **changes: Any) -> list[Example]:
    return examples(kind, count, origin="annotated", **changes)


def test_finetuning_on_sentences_leaves_the_cell_decoder_as_pretrained(
    tmp_path: Path, stage, run_pretrain
) -> None:
    run_pretrain("out", long=examples("long"), cell=examples("cell"))
    stats = run_finetune(stage, tmp_path / "out", annotated("long"), annotated("long", 2))
    before = load_model(str(tmp_path / "out"))
    assert changed(before, tmp_path / "tuned", "long.decoder.")
    assert not changed(before, tmp_path / "tuned", "cell.decoder.")
    assert stats["examples"] == {"long": 4}
    assert stats["counts"]["examples"] == 6
    assert stats["best_dev_loss"] == min(
        entry["eval_loss"] for entry in stats["history"] if "eval_loss" in entry
    )


def test_finetuning_on_both_kinds_moves_both_decoders(tmp_path, base: Path, stage) -> None:
    train = [one for pair in zip(annotated("cell"), annotated("long"), strict=True) for one in pair]
    stats = run_finetune(stage, base, train, [])
    before = load_model(str(base))
    assert changed(before, tmp_path / "tuned", "long.decoder.")
    assert changed(before, tmp_path / "tuned", "cell.decoder.")
    assert stats["examples"] == {"long": 4, "cell": 4}
    assert stats["best_dev_loss"] is None


def test_an_annotated_table_is_cut_to_fit_with_its_evidence(tmp_path, base, stage) -> None:
    train = annotated("cell", 3, rows=40, cells=(Cell(39, 1),))
    everywhere = annotated("cell", 1, rows=40, cells=tuple(Cell(row, 1) for row in range(40)))
    stats = run_finetune(stage, base, [*train, *everywhere], [])
    assert stats["counts"] == {
        "examples": 4,
        "examples whose table was cut": 4,
        "examples with all evidence kept": 3,
        "examples whose evidence was cut": 1,
    }
    assert losses_told(stats) == [
        "warning: examples whose evidence was cut: 1 of 4 (25%): raise linearizer.max_tokens"
    ]
