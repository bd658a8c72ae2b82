"""Model folders that somebody edited by hand: a message with the file, never a traceback."""

import json
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toys import toy_model

from gentap.errors import GentapError
from gentap.model.answerer import Answerer
from gentap.model.export import export
from gentap.model.loading.checkpoints import check_model
from gentap.model.tokenizer import TableTokenizer
from gentap.records import Table

TABLE = Table(header=("Year", "Keeper"), rows=(("1850", "river sailor"), ("1861", "painter")))
LONGEST = 30.0
"""Seconds that a folder may take to be refused or to answer."""

DEEP = "[" * 900 + "]" * 900
TOO_DEEP = "[" * 100_000 + "]" * 100_000
DIGITS = "9" * 5000
VALUES: list[Any] = [
    *[None, True, False, 0, 1, -1, 3, 2**31, 2**63, 10**30, 0.5, -0.5, 1e300],
    *["", "a", "</s>", "../x", "\x00", "é" * 300, [], {}, [[]], [None], {"a": 1}, [1, 2, 3]],
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, tokenizer: TableTokenizer) -> Path:
    folder = tmp_path_factory.mktemp("own")
    toy_model(len(tokenizer.hf)).save_pretrained(folder)
    tokenizer.save(folder)
    return folder


def asked(folder: Path) -> str:
    """What a folder says to a question, or the message that it is refused with."""
    try:
        check_model(str(folder))
        answerer = Answerer(str(folder), beams=2, max_tokens=4)
        (found,) = answerer.answer_many([("Who was the keeper in 1850?", TABLE)])
        if (folder / "linearizer.json").exists():
            export(str(folder), "cell", folder / "exported")
    except GentapError as error:
        message = str(error)
    else:
        return f"answer: {found.sentence}"
    finally:
        shutil.rmtree(folder / "exported", ignore_errors=True)
    assert str(folder) in message
    return message


def places(content: Any) -> list[tuple[Any, Any]]:
    """Every container of a JSON text with each of its keys."""
    keys: list[Any] = []
    if isinstance(content, dict):
        keys = list(content)
    elif isinstance(content, list):
        keys = list(range(min(len(content), 20)))
    found = [(content, key) for key in keys]
    return found + [place for key in keys for place in places(content[key])]


def edit(path: Path, rng: random.Random) -> None:
    raw = path.read_bytes()
    how = rng.random()
    if path.suffix not in (".json",) or how < 0.1:
        spot = rng.randrange(len(raw) + 1)
        cut = rng.choice([raw[:spot], raw[:spot] + rng.randbytes(3) + raw[spot + 3 :], b""])
        path.write_bytes(cut)
        return
    content = json.loads(raw)
    if how < 0.15:
        path.write_text(rng.choice(["null", "[]", "3", '"x"', DEEP, TOO_DEEP, DIGITS, "{}"]))
        return
    holder, key = rng.choice(places(content))
    how = rng.random()
    mark = "a value of this test's own"
    if how < 0.15:
        del holder[key]
    elif how < 0.3:
        holder[key] = mark
    else:
        holder[key] = rng.choice(VALUES)
    text = json.dumps(content)
    big = rng.choice([DIGITS, DEEP, TOO_DEEP, "NaN", "-Infinity", "1e999", "-" + DIGITS])
    path.write_text(text.replace(json.dumps(mark), big))


def tried(folder: Path, work: Path, seeds: range) -> None:
    files = [path.name for path in sorted(folder.iterdir()) if path.suffix != ".safetensors"]
    refused = 0
    for seed in seeds:
        rng = random.Random(f"{folder.name[:3]} {seed}")
        edited = work / "edited"
        shutil.rmtree(edited, ignore_errors=True)
        shutil.copytree(folder, edited)
        name = rng.choice(files)
        edit(edited / name, rng)
        start = time.monotonic()
        try:
            refused += not asked(edited).startswith("answer: ")
        except BaseException as error:
            raise AssertionError(f"seed {seed}, {name}: {error!r}") from error
        assert time.monotonic() - start < LONGEST, f"seed {seed}, {name}"
    assert refused > len(seeds) / 10


def test_the_folders_answer_as_they_are(own: Path, bart_folder: Path) -> None:
    assert asked(own).startswith("answer: ")


@pytest.mark.parametrize("part", range(3))
def test_edited_folders_of_ones_own_get_a_message(own: Path, tmp_path: Path, part: int) -> None:
    tried(own, tmp_path, range(70 * part, 70 * (part + 1)))


@pytest.fixture(scope="module")
def stock_of_bart(tmp_path_factory: pytest.TempPathFactory, bart_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("bart")
    shutil.copytree(bart_folder, folder, dirs_exist_ok=True)
    (folder / "linearizer.json").write_text(
        '{"max_tokens": 64, "max_question_tokens": 16, "max_cell_chars": 40}'
    )
    return folder


def test_edited_stock_checkpoints_get_a_message(stock_of_bart: Path, tmp_path: Path) -> None:
    tried(stock_of_bart, tmp_path, range(90))


@pytest.mark.slow
def test_two_thousand_edited_folders(own: Path, stock_of_bart: Path, tmp_path: Path) -> None:
    tried(own, tmp_path, range(1000, 2500))
    tried(stock_of_bart, tmp_path, range(1000, 1500))


EDITS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "a list where an object belongs": ("config.json", lambda values: [values]),
    "a null where the base belongs": ("config.json", lambda values: {**values, "base": None}),
    "a base within itself": ("config.json", lambda values: {**values, "base": values}),
    "text where a truth belongs": ("config.json", lambda values: {**values, "tied_heads": "no"}),
    "a list of settings": ("linearizer.json", lambda values: [values]),
    "settings of null": ("linearizer.json", lambda values: dict.fromkeys(values)),
    "an ill-typed forced token": (
        "generation_config.json",
        lambda values: {**values, "forced_eos_token_id": "last"},
    ),
    "a tokenizer of null": ("tokenizer.json", lambda values: {**values, "model": None}),
    "no end token": (
        "tokenizer_config.json",
        lambda values: {**values, "eos_token": None, "tokenizer_class": "TokenizersBackend"},
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_the_message_names_the_file(own: Path, tmp_path: Path, name: str) -> None:
    file, change = EDITS[name]
    folder = tmp_path / "edited"
    shutil.copytree(own, folder)
    content = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(change(content)))
    message = asked(folder)
    assert not message.startswith("answer: ")
    assert file in message or "a model of the type" in message
