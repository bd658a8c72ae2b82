from collections.abc import Callable
from pathlib import Path

import pytest

from gentap.errors import InputError, SettingError
from gentap.questions.writer_input import Entry, WriterInput
from gentap.questions.writers.prompt import load_prompt, writer_messages

SOURCE = WriterInput(
    title="Cups",
    section="Winners",
    sentence="Ada {won} in 1914.",
    entries=(Entry("1914", "Year"), Entry("Ada", "Name"), Entry("Rome")),
)


@pytest.fixture
def shown(tmp_path: Path) -> Callable[[str, WriterInput], list[dict[str, str]]]:
    def shown(text: str, source: WriterInput = SOURCE) -> list[dict[str, str]]:
        (tmp_path / "p").write_text(text)
        return writer_messages(load_prompt(str(tmp_path / "p")), source)

    return shown


Shown = Callable[..., list[dict[str, str]]]


def test_all_places_are_filled_and_braces_in_the_data_stay(shown: Shown) -> None:
    text = "Be {{brief}}.\n---\n{title}|{section}|{asked}|{entries}|{sentence}|{{}}\n"
    assert shown(text) == [
        {"role": "system", "content": "Be {brief}."},
        {
            "role": "user",
            "content": "Cups|Winners|Year: 1914|Name: Ada\nRome|Ada {won} in 1914.|{}",
        },
    ]


def test_without_a_rule_all_of_it_is_the_user_s(shown: Shown) -> None:
    assert shown("Ask: {sentence}") == [{"role": "user", "content": "Ask: Ada {won} in 1914."}]


def test_a_source_without_entries_is_filled_in_too(shown: Shown) -> None:
    (message,) = shown("[{asked}{entries}] {sentence}", WriterInput(sentence="", entries=()))
    assert message["content"] == "[]"


def test_the_template_of_ours_shows_everything() -> None:
    system, user = writer_messages(load_prompt(""), SOURCE)
    assert system["role"] == "system"
    for text in ("Cups", "Winners", "Year: 1914", "Name: Ada", "Rome", "Ada {won} in 1914."):
        assert text in user["content"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n{sentnce} {sentence}", r"p, line 2: unknown place \{sentnce\}\. Known: \{title\}"),
        ("{sentence}\n\n{", r"p, line 3: a single '\{'"),
        ("{sentence} }", r"p, line 1: a single '\}'"),
        ("Ask something.", "has no place {sentence}"),
        ("", "has no place {sentence}"),
    ],
)
def test_mistakes_are_named_with_their_line(shown: Shown, text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        shown(text)


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such prompt template"):
        load_prompt(str(tmp_path / "none.txt"))
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe{sentence}")
    with pytest.raises(InputError, match="not a readable UTF-8 text"):
        load_prompt(str(tmp_path / "bytes.txt"))
    (tmp_path / "own.txt").write_text("Ask: {sentence}")
    assert writer_messages(load_prompt(str(tmp_path / "own.txt")), SOURCE)
