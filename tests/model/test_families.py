"""Every family with a tokenizer of its own kind: taught one answer, it gives that answer."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from stock_models import family_tokenizer, random_stock

from gentap.model.answerer import Answerer
from gentap.model.export import export
from gentap.model.generate import generate_ids, start_token
from gentap.model.network import GenTapModel, load_model
from gentap.model.tokenizer import TableTokenizer, load_tokenizer, with_special_tokens
from gentap.records import Cell, Table
from gentap.settings.sections import LinearizerSettings

SETTINGS = LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40)
TABLE = Table(header=("year", "man"), rows=(("1850", "a sailor"), ("1861", "a cook")))
QUESTION, SENTENCE, CELL = "who in 1861?", "it was a cook in 1861.", Cell(1, 1)
OF_T5 = ("umt5", "longt5", "longt5-global")
KINDS = ("mbart", "mbart50", "pegasus", "t5gemma", "t5gemma2", *OF_T5)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def own_tokenizer(kind: str, tokenizer: TableTokenizer) -> TableTokenizer:
    return tokenizer if kind in OF_T5 else with_special_tokens(family_tokenizer(kind), SETTINGS)


@pytest.fixture
def folder(kind: str, own_tokenizer: TableTokenizer, tmp_path: Path) -> Path:
    """A stock checkpoint of the family, as its own program would save it."""
    path = tmp_path / "stock"
    model = random_stock(kind.replace("50", ""), len(own_tokenizer.hf), seed=0)
    model.save_pretrained(path)
    own_tokenizer.save(path)
    return path


@pytest.mark.parametrize(
    ("name", "around", "target"),
    [
        ("mbart", ((), ("</s>", "en_XX")), ((), ("</s>", "en_XX"))),
        ("mbart50", (("en_XX",), ("</s>",)), (("en_XX",), ("</s>",))),
        ("pegasus", ((), ("</s>",)), ((), ("</s>",))),
        ("t5gemma", (("<bos>",), ("<eos>",)), ((), ("<eos>",))),
    ],
)
def test_texts_stand_between_the_tokens_of_their_family(
    name: str, around: Any, target: Any
) -> None:
    tokenizer = with_special_tokens(family_tokenizer(name), SETTINGS)
    for ids, (before, after) in (
        (tokenizer.linearizer.encode("a cook", TABLE).ids, around),
        (tokenizer.target_ids("a cook"), target),
    ):
        tokens = tuple(tokenizer.hf.convert_ids_to_tokens(ids))
        assert tokens[: len(before)] == before
        assert tokens[-len(after) :] == after
    assert tokenizer.texts([tokenizer.target_ids("a cook")]) == ["a cook"]
    assert len(tokenizer.linearizer.encode("why " * 40, TABLE).ids) <= SETTINGS.max_tokens


@pytest.mark.parametrize(
    ("name", "start"),
    [("mbart", "en_XX"), ("mbart50", "</s>"), ("pegasus", "<pad>"), ("t5gemma", "<bos>")],
)
def test_search_starts_where_training_does(name: str, start: str) -> None:
    tokenizer = with_special_tokens(family_tokenizer(name), SETTINGS)
    stock = random_stock(name.replace("50", ""), len(tokenizer.hf), seed=0)
    for model in (stock, GenTapModel.from_stock(stock)):
        assert tokenizer.hf.convert_ids_to_tokens(start_token(model, tokenizer)) == start


def taught(model: GenTapModel, tokenizer: TableTokenizer, steps: int = 100) -> GenTapModel:
    """The model after steps on one question with a sentence and a cell."""
    inputs = torch.tensor([tokenizer.linearizer.encode(QUESTION, TABLE).ids] * 2)
    long, cell = (
        torch.tensor([tokenizer.target_ids(text)])
        for text in (SENTENCE, TABLE.rows[CELL.row][CELL.column])
    )
    learner = torch.optim.AdamW(model.parameters(), lr=0.02)
    model.train()
    for _ in range(steps):
        learner.zero_grad()
        loss = model(
            input_ids=inputs,
            attention_mask=torch.ones_like(inputs),
            long_labels=long,
            cell_labels=cell,
        ).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        learner.step()
    assert loss < 0.1
    return model.eval()


def test_a_family_says_what_it_was_taught_after_saving_and_exporting(
    folder: Path, own_tokenizer: TableTokenizer, tmp_path: Path
) -> None:
    tokenizer = load_tokenizer(str(folder), LinearizerSettings())
    torch.manual_seed(1)
    model = load_model(str(folder), vocabulary=len(tokenizer.hf), dropout=0.0)
    taught(model, tokenizer).save_pretrained(tmp_path / "taught")
    tokenizer.save(tmp_path / "taught")
    for constrain in (False, True):
        answerer = Answerer(str(tmp_path / "taught"), beams=2, max_tokens=40, constrain=constrain)
        (found,) = answerer.answer_many([(QUESTION, TABLE)])
        assert found.sentence == SENTENCE
        assert (found.value, found.cell) == ("a cook", CELL)
    export(str(tmp_path / "taught"), "long", tmp_path / "exported")
    (again,) = Answerer(str(tmp_path / "exported"), beams=1, max_tokens=40).answer_many(
        [(QUESTION, TABLE)]
    )
    assert again.sentence == SENTENCE
    stored = load_file(tmp_path / "exported" / "model.safetensors")
    assert not any(name.startswith(("long.", "cell.")) for name in stored)


def test_stock_models_write_from_where_they_start(
    folder: Path, own_tokenizer: TableTokenizer
) -> None:
    """The searches' texts are those of generate from the token that training starts with."""
    model = load_model(str(folder), vocabulary=len(own_tokenizer.hf))
    ids = own_tokenizer.linearizer.encode(QUESTION, TABLE).ids
    written = generate_ids(
        model, own_tokenizer, [ids], decoders=("long",), max_new_tokens=6, precision="fp32"
    )["long"]
    length = -(-len(ids) // 8) * 8  # batches are padded so: LongT5's blocks see it
    padded = torch.tensor([ids + [own_tokenizer.hf.pad_token_id] * (length - len(ids))])
    mask = (torch.arange(length) < len(ids)).long()[None]
    start = start_token(model, own_tokenizer)
    wanted = model.generate(
        padded, mask, decoder_start_token_id=start, max_new_tokens=6, do_sample=False, num_beams=1
    )
    assert wanted[0, 1 : 1 + len(written[0])].tolist() == written[0]
