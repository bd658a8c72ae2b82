from pathlib import Path

import pytest
from typer.testing import CliRunner

from gentap.cli import app
from gentap.errors import InputError, SettingError
from gentap.grammar.includes import open_grammar
from gentap.grammar.parser import load_grammar
from gentap.grammar.rules import find_grammar


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.grammar").write_text(text)
    return folder / f"{next(iter(texts))}.grammar"


def simple(name: str, said: str = "what") -> str:
    query = "> select [column A] where [column B] is [value B]"
    return f"question {name} =\n    {query}\n    {said} is the [column A] of [value B]?\n"


def test_all_rules_of_an_included_grammar_are_there(tmp_path: Path) -> None:
    english = load_grammar(find_grammar("english"))
    path = write(tmp_path, own=f"include english\n\n{simple('capital')}")
    grammar = load_grammar(path)
    assert {rule.name for rule in grammar.questions} == {
        "capital",
        *(rule.name for rule in english.questions),
    }
    assert grammar.lowercase_columns == english.lowercase_columns
    assert grammar.language == english.language
    assert set(open_grammar(path).files) == {path, find_grammar("english")}


def test_an_own_rule_takes_the_place_of_an_included_one(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        own=f"include base.grammar  # and more\n{simple('city', 'which')}",
        base=simple("city") + simple("river"),
    )
    rules = load_grammar(path).rules
    assert list(rules) == ["city", "river"]
    assert rules["city"].alternatives[0].parts[0] == "which is the "


def test_a_later_inclusion_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        own="include a.grammar\ninclude b.grammar\n",
        a=simple("city"),
        b="include c.grammar\n",
        c=simple("city", "name"),
    )
    assert load_grammar(path).rules["city"].alternatives[0].parts[0] == "name is the "


@pytest.mark.parametrize("broken", ["own", "base"])
def test_a_mistake_is_told_with_its_file_and_line(tmp_path: Path, broken: str) -> None:
    bad = simple("lake").replace("[column A]", "[column Z")
    texts = {"own": "include base.grammar\n\n" + simple("city"), "base": simple("river")}
    path = write(tmp_path, **{**texts, broken: texts[broken] + bad})
    line = len(texts[broken].splitlines()) + 3
    with pytest.raises(SettingError, match=rf"{broken}\.grammar, line {line}, column 17: "):
        load_grammar(path)
    result = CliRunner().invoke(app, ["grammar", "check", str(path)])
    assert result.exit_code == 1
    assert f"{broken}.grammar, line {line}, column" in result.stdout


def test_a_broken_inclusion_hides_no_mistake_of_a_line(tmp_path: Path) -> None:
    bad = simple("lake").replace("[column A]", "[column Z")
    text = f"include englsh\n{simple('city')}include none.grammar\n{bad}"
    path = write(tmp_path, own=text + simple("river").replace("what is", "[greeting] is"))
    result = CliRunner().invoke(app, ["grammar", "check", str(path)])
    assert result.exit_code == 1
    told = [line.removeprefix(f"{path}, ") for line in result.stdout.splitlines()]
    assert [line.partition(":")[0] for line in told] == [
        "line 1, column 1",
        "line 5, column 1",
        "line 7, column 14",
        "line 8, column 17",
    ]
    assert "no such grammar" in told[0]
    assert "none.grammar: no such grammar" in told[1]


def test_its_own_questions_are_drawn_and_those_of_others_counted(tmp_path: Path) -> None:
    path = write(tmp_path, own=f"include base.grammar\n{simple('city')}", base=simple("river"))
    result = CliRunner().invoke(app, ["grammar", "check", str(path), "-n", "1"])
    assert result.exit_code == 0, result.output
    assert [line for line in result.stdout.splitlines() if not line.startswith(" ")] == ["city"]
    assert "gentap: 1 kind of question more from base" in result.stderr


def test_a_circle_is_told(tmp_path: Path) -> None:
    path = write(
        tmp_path, a="\ninclude b.grammar\n", b="include c.grammar\n", c="include a.grammar"
    )
    told = r"c\.grammar, line 1: a grammar that includes itself \(a.* → b.* → c.* → a\.grammar\)"
    with pytest.raises(SettingError, match=told):
        load_grammar(path)


@pytest.mark.parametrize("name", ["englsh", "none.grammar"])
def test_what_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, own=f"\ninclude {name}\n")
    with pytest.raises(InputError, match=rf"own\.grammar, line 2: .*{name}: no such grammar"):
        load_grammar(path)


def test_what_an_included_grammar_leaves_idle_is_not_told(tmp_path: Path) -> None:
    path = write(tmp_path, own="include english\n")
    result = CliRunner().invoke(app, ["grammar", "check", str(path), "-n", "1"])
    assert result.exit_code == 0, result.output


def test_a_grammar_is_shown_as_it_is() -> None:
    result = CliRunner().invoke(app, ["grammar", "show", "english"])
    text = find_grammar("english").read_text(encoding="utf-8")
    assert result.stdout == text
    assert "english.grammar" in result.stderr


def test_a_grammar_without_a_line_is_told_of(tmp_path: Path) -> None:
    path = write(tmp_path, empty="")
    result = CliRunner().invoke(app, ["grammar", "check", str(path)])
    assert result.exit_code == 1
    assert f"{path}, line 1, column 1: no question rule" in result.output
    with pytest.raises(SettingError, match="line 1, column 1: no question rule"):
        load_grammar(path)
