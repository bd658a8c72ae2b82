"""Recipes, grammars and prompts that can't be read: one message, by path, and no waiting."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from complaints import complaint, gentap, mined, questions, write

from gentap.errors import InputError
from gentap.runs.files.user_texts import MAX_BYTES, read_user_text

ODD: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "loop": lambda path: path.symlink_to(path.name),
    "folder": Path.mkdir,
    "bytes": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "sparse": lambda path: (path.touch(), os.truncate(path, MAX_BYTES + 1)),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_text_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "text"
    ODD[kind](path)
    with pytest.raises(InputError, match=rf"^{path}: (not a|no such recipe|over )"):
        read_user_text(path, "recipe")


@pytest.mark.parametrize("name", ["x" * 5_000, "a\0b", "a/" * 3_000, "text/text"])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("x")
    with pytest.raises(InputError):
        read_user_text(tmp_path / name, "recipe")


def test_a_text_is_read_without_its_mark(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\xef\xbb\xbfseed = 1\n")
    assert read_user_text(tmp_path / "text", "recipe") == "seed = 1\n"


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "sparse"])
def test_every_command_that_reads_one_says_so(kind: str) -> None:
    folder, data = mined(), questions()
    ODD[kind](Path("odd"))
    write("extending.toml", 'extends = "odd"\noutput = "out"\n')
    judge = ["--judge", "http://127.0.0.1:9/v1", "--judge-set", "prompt=odd"]
    endpoint = ["--writer", "http://127.0.0.1:9/v1", "--set", "endpoint.prompt=odd"]
    for command in (
        ["run", "odd"],
        ["run", "extending.toml"],
        ["mine", "pages", "-o", "out", "--recipe", "odd"],
        ["grammar", "check", "odd"],
        ["sample", folder, "-g", "odd", "-o", "out"],
        ["questions", "write", folder, "-o", "out", *endpoint],
        ["score", "--predictions", data, "--data", data, *judge],
    ):
        message = complaint(*command)
        assert message.startswith(("odd: ", "./odd: ")), command
    assert not Path("out").exists()


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize(
    "line",
    [
        f"    {'9' * 5_000}* what is the [column A]?",
        f"    {'1' * 4_301}: second",
        f"    {'0' * 5_000}1* what?",
        f"    > select [column A] limit {'9' * 5_000}",
        f"question film {'9' * 5_000}* =",
        f"words months =\n    {'9' * 5_000}: march",
        "words months =\n    ²: march",
        "words months =\n    ١: march",
        f"words scales =\n    {'9' * 5_000}: million",
        f"words scales =\n    1{'0' * 400}.5: million",
        "    " + "[" * 5_000,
        "    > " + "(" * 5_000,
    ],
)
def test_grammars_of_endless_numbers_and_brackets(line: str) -> None:
    known = "question film =\n    > select [column A] where [column B] is [value B]\n    what?\n"
    write("odd.grammar", f"{known}{line}\n")
    write("t.csv", "Year,Film\n2004,Dawn\n2005,Dusk\n")
    for command in (
        ["grammar", "draw", "odd.grammar", "--table", "t.csv"],
        ["sample", "t.csv", "-g", "odd.grammar", "-o", "out", "--workers", "1"],
    ):
        result = gentap(*command)
        assert isinstance(result.exception, SystemExit | None), result.exc_info
        assert result.exit_code in (0, 1)
