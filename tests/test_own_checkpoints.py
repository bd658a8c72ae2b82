"""A user's own checkpoints, as published ones look on disk, through the commands that take one."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from transformers import (
    AutoModelForSeq2SeqLM,
    BartConfig,
    BartForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
)
from typer.testing import CliRunner

from gentap.cli import app
from gentap.errors import InputError
from gentap.evaluation.metrics.wordnet import open_wordnet
from gentap.model.network import load_model
from gentap.model.tokenizer import load_tokenizer
from gentap.records import EXAMPLE_SCHEMA, Cell, Example, Kind, Table, example_to_row
from gentap.runs.store import open_stage
from gentap.settings.sections import LinearizerSettings

NAMES = ("Northern", "Wooden", "Harbour", "Castle", "Sailor", "Painter", "Mill", "Abbey")
TABLE = Table(
    title="Bridges of the valley",
    header=("Bridge", "Opened"),
    rows=tuple((f"{name} Bridge", str(1850 + 3 * row)) for row, name in enumerate(NAMES)),
)
SENTENCES = [f"The {name} was opened in {year} above the old river." for name, year in TABLE.rows]
QUESTIONS = [f"When was the {name} opened?" for name, _ in TABLE.rows]
SIZES = {"d_model": 32, "vocab_size": 640}
TRAINING = {
    "epochs": 50,
    "max_steps": 8,
    "batch_tokens": 2048,
    "precision": "fp32",
    "learning_rate": 0.01,
    "optimizer": "adamw",
}
LINEARIZER = LinearizerSettings(max_tokens=320, max_question_tokens=48)


def flan_t5(folder: Path) -> None:
    """T5 v1.1's gated layers and a head of its own; config.json as FLAN-T5's says it."""
    config = T5Config(
        **SIZES,
        d_ff=64,
        d_kv=16,
        num_heads=2,
        num_layers=2,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    model = T5ForConditionalGeneration(config)
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    model.save_pretrained(folder)
    path = folder / "config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values["tie_word_embeddings"] = values.pop("scale_decoder_outputs")
    path.write_text(json.dumps(values), encoding="utf-8")


def bart(folder: Path) -> None:
    sizes: dict[str, Any] = {**SIZES, "encoder_layers": 2, "decoder_layers": 2}
    for part in ("encoder", "decoder"):
        sizes |= {f"{part}_attention_heads": 2, f"{part}_ffn_dim": 64}
    config = BartConfig(**sizes, max_position_embeddings=320, forced_eos_token_id=2)
    BartForConditionalGeneration(config).save_pretrained(folder)


def sentencepiece_model(folder: Path) -> None:
    """``spiece.model``, and nothing else."""
    import sentencepiece

    with (folder / "spiece.model").open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([*SENTENCES, *QUESTIONS] * 4),
            model_writer=file,
            model_type="unigram",
            vocab_size=160,
            hard_vocab_limit=False,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            minloglevel=2,
        )


def fast_unigram(folder: Path) -> None:
    """``tokenizer.json`` with its configuration, as a fast T5 tokenizer saves itself."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    learnt = Tokenizer(models.Unigram())
    learnt.pre_tokenizer = pre_tokenizers.Metaspace()
    learnt.decoder = decoders.Metaspace()
    sentinels = [f"<extra_id_{number}>" for number in range(100)]
    special = ["<pad>", "</s>", "<unk>"]
    learnt.train_from_iterator(
        [*SENTENCES, *QUESTIONS],
        trainers.UnigramTrainer(
            vocab_size=200, special_tokens=special, unk_token="<unk>", show_progress=False
        ),
    )
    end = learnt.token_to_id("</s>")
    learnt.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", end)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=learnt,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=sentinels,
    ).save_pretrained(folder)


def byte_pairs(folder: Path) -> None:
    """``vocab.json`` with ``merges.txt``."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    learnt = Tokenizer(models.BPE())
    learnt.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learnt.train_from_iterator(
        [*SENTENCES, *QUESTIONS],
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    learnt.model.save(str(folder))


CHECKPOINTS = {
    "FLAN-T5 with spiece.model": (flan_t5, sentencepiece_model),
    "FLAN-T5 with tokenizer.json": (flan_t5, fast_unigram),
    "BART": (bart, byte_pairs),
}


def corpus(folder: Path, kind: Kind) -> Path:
    """Examples of one kind, as `gentap questions` and `gentap sample` write them."""
    rows = [
        example_to_row(
            Example(
                id=f"{kind}-{row}",
                kind=kind,
                origin="mined" if kind == "long" else "grammar",
                question=QUESTIONS[row],
                answer=SENTENCES[row] if kind == "long" else year,
                table=TABLE,
                cells=(Cell(row, 1),),
                source="https://valley.example",
            )
        )
        for row, (_, year) in enumerate(TABLE.rows)
    ]
    with open_stage(folder, "write" if kind == "long" else "sample", {}, []) as stage:
        assert stage is not None
        pq.write_table(pa.Table.from_pylist(rows, EXAMPLE_SCHEMA), folder / "part-00000.parquet")
        stage.finish({})
    return folder


def annotated(path: Path) -> Path:
    table = {"title": TABLE.title, "header": TABLE.header, "rows": TABLE.rows}
    lines = [
        {"question": QUESTIONS[row], "answer": answer, "kind": kind, "table": table}
        for row in range(len(QUESTIONS))
        for kind, answer in (("long", SENTENCES[row]), ("cell", TABLE.rows[row][1]))
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def gentap(*arguments: str | Path, **settings: Any) -> str:
    more = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    result = CliRunner().invoke(app, [*map(str, arguments), *more])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_of_ones_own_trains_and_answers_by_the_commands(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        open_wordnet()
    except InputError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    torch.manual_seed(3)
    make_model, make_tokenizer = CHECKPOINTS[name]
    own, pretrained, tuned = (tmp_path / part for part in ("own", "pretrained", "finetuned"))
    own.mkdir()
    make_model(own)
    make_tokenizer(own)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'output = "out"\n[linearizer]\nmax_tokens = {LINEARIZER.max_tokens}\n'
        f"max_question_tokens = {LINEARIZER.max_question_tokens}\n",
        encoding="utf-8",
    )
    corpora = [f"--{kind}={corpus(tmp_path / kind, kind)}" for kind in ("long", "cell")]
    data = annotated(tmp_path / "questions.jsonl")

    gentap("pretrain", "--base", own, *corpora, "-o", pretrained, "--recipe", recipe, **TRAINING)
    gentap(
        *("finetune", "--model", pretrained, "--train", data, "--dev", data, "-o", tuned),
        **TRAINING,
    )
    tokenizer = load_tokenizer(str(tuned), LinearizerSettings())
    assert tokenizer.settings == LINEARIZER
    models = [load_model(str(folder)) for folder in (own, pretrained, tuned)]
    assert len(tokenizer.hf) <= models[-1].config.vocab_size
    for model in models:
        embeddings, heads = model.get_input_embeddings(), [model.long.lm_head, model.cell.lm_head]
        assert [head.weight is embeddings.weight for head in heads] == [name == "BART"] * 2
    for one, other in itertools.pairwise(models):
        learnt = dict(other.named_parameters())
        for weight, value in one.named_parameters():
            assert value.shape != learnt[weight].shape or not torch.equal(value, learnt[weight])

    csv = tmp_path / "bridges.csv"
    csv.write_text("\n".join(map(",".join, (TABLE.header, *TABLE.rows))), encoding="utf-8")
    asked = ("--table", csv, QUESTIONS[2])
    assert re.match(r"answer: .*\ncell:   ", gentap("answer", "--model", tuned, *asked))
    bound = gentap("answer", "--model", tuned, *asked, "--constrain")
    told = re.search(r"cell:   (.+) \(row (\d+), column '(.+)'\)", bound)
    assert told is not None
    row, column = int(told[2]) - 1, TABLE.header.index(told[3])
    assert told[1] == TABLE.rows[row][column]

    evaluation = {"max_answer_tokens": 24, "beams": 2, "precision": "fp32"}
    for folder, settings in (("free", {}), ("bound", {"constrain_cells": "true"})):
        output = tmp_path / folder
        gentap("evaluate", "--model", tuned, "--data", data, "-o", output, **evaluation, **settings)
        scores = json.loads((output / "scores.json").read_text(encoding="utf-8"))
        assert scores["questions"] == {"long": 8, "cell": 8}
        assert {"bleu", "rougeL", "meteor", "exact_match"} <= scores.keys()
    cells = {cell for cells in TABLE.rows for cell in cells}
    lines = (tmp_path / "bound" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    said = {one["prediction"] for one in map(json.loads, lines) if one["kind"] == "cell"}
    assert said
    assert said <= cells

    gentap("export", "--model", tuned, "-o", tmp_path / "stock")
    stock = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "stock")
    assert stock.config.model_type == load_model(str(own)).config.base.model_type
    gentap("answer", "--model", tmp_path / "stock", *asked)
