import io
import json
from pathlib import Path

import pytest
from complaints import complaint, gentap

from gentap.chain import make_plan
from gentap.settings.recipe import Recipe, load_recipe
from gentap.stages.new_recipe import Machine, OwnData, measure_machine, recipe_text

TABLE = {"title": "Films", "header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}
MACHINE = Machine(cores=4, speed=1e11, has_gpu=False)


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pages").mkdir()
    Path("pages/a.html").write_text("<p>x</p>" * 1000)
    for name in ("train", "dev", "test"):
        lines = [
            {"id": f"{name}{n}", "question": f"Which {n}?", "answer": "It is Dusk.", "table": TABLE}
            for n in range(7)
        ]
        Path(f"{name}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


FLAGS = ["--documents", "pages", "--train", "train.jsonl", "--dev", "dev.jsonl"]


@pytest.mark.parametrize("base", ["", "t5-base"])
@pytest.mark.parametrize("test", [(), ("test.jsonl",)])
def test_every_recipe_can_be_planned(base: str, test: tuple[str, ...]) -> None:
    own = OwnData(
        documents=("pages",), train=("train.jsonl",), dev=("dev.jsonl",), test=test, base=base
    )
    Path("own.toml").write_text(recipe_text(own, MACHINE))
    recipe = load_recipe(Path("own.toml"))
    assert recipe.mine.exclude == ["dev.jsonl", *test]
    assert recipe.finetune.train == recipe.writer.annotated == ["train.jsonl"]
    assert recipe.base.checkpoint == base
    assert bool(make_plan(recipe).reports) is bool(test)


def test_estimates_follow_sizes_and_speed() -> None:
    own = OwnData(documents=("pages",), train=("train.jsonl",), base="t5-base")
    slow, fast = (
        recipe_text(own, Machine(cores=4, speed=speed, has_gpu=False)) for speed in (1e10, 1e13)
    )
    assert "10 GFLOP/s" in slow
    assert " hours." in slow
    assert " hours." not in fast
    assert "a GPU trains" in recipe_text(own, Machine(4, 1e10, has_gpu=True))
    assert measure_machine().speed > 1e8


def test_one_question_is_told_as_one() -> None:
    question = Path("train.jsonl").read_text().splitlines()[0]
    Path("one.jsonl").write_text(f"{question}\n")
    Path("pages/a.html").write_text("<p>x</p>")
    own = OwnData(documents=("pages",), train=("one.jsonl",), test=("one.jsonl",), base="t5-base")
    said = recipe_text(own, Machine(cores=1, speed=1e16, has_gpu=False))
    assert "# On 1 annotated question;" in said
    assert "to 1 test question, their" in said
    assert "# About 1 second.\n" in said
    assert "1 file of documents, 1 kB." in said


def test_a_busy_machine_is_not_taken_for_a_slow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1000))
    monkeypatch.setattr("time.perf_counter", lambda: 100.0 * next(ticks))
    assert measure_machine().speed > 1e8


def test_lines_that_cannot_be_read_are_told() -> None:
    with Path("train.jsonl").open("a") as questions:
        questions.write("{\n")
    result = gentap("init", "own.toml", *FLAGS)
    assert result.exit_code == 0, result.output
    assert "init: train questions set aside: 1: not valid JSON" in result.stderr


def test_the_command_writes_what_it_shows() -> None:
    result = gentap("init", "own.toml", *FLAGS)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(Path("own.toml").read_text().rstrip("\n"))
    assert gentap("init", "own.toml", *FLAGS).exit_code == 0  # its own
    Path("own.toml").write_text("output = 'mine'\n")
    assert "was not written by this command" in complaint("init", "own.toml", *FLAGS)


@pytest.mark.parametrize("change", ["# mine\n", "[evaluate]\nbeams = 2\n"])
def test_a_recipe_that_was_changed_is_kept(change: str) -> None:
    assert gentap("init", "own.toml", *FLAGS).exit_code == 0
    with Path("own.toml").open("a") as recipe:
        recipe.write(change)
    changed = Path("own.toml").read_text()
    assert "is a recipe that was changed since" in complaint("init", "own.toml", *FLAGS)
    assert Path("own.toml").read_text() == changed
    assert gentap("init", "own.toml", *FLAGS, "--overwrite").exit_code == 0
    assert change not in Path("own.toml").read_text()


def test_steps_follow_the_data_and_the_machine() -> None:
    own = OwnData(documents=("pages",), train=("train.jsonl",), base="t5-base")

    def planned(speed: float) -> Recipe:
        Path("own.toml").write_text(recipe_text(own, Machine(cores=1, speed=speed, has_gpu=False)))
        return load_recipe(Path("own.toml"))

    slow, fast = planned(1e11), planned(1e13)
    assert (slow.pretrain.batch_tokens, fast.pretrain.batch_tokens) == (1024, 4096)
    assert slow.writer.max_steps == fast.writer.max_steps == 24  # seven questions
    assert "1 core," in Path("own.toml").read_text()
    Path("pages/a.html").write_text("<p>x</p>" * 2_000_000)
    assert planned(1e13).pretrain.max_steps == 1000
    assert planned(1e13).writer.max_steps == 24
    for recipe in (slow, fast):  # a group of the mix fits
        assert recipe.pretrain.batch_tokens >= 2 * recipe.linearizer.max_tokens


def test_a_base_from_scratch_goes_by_the_documents() -> None:
    own = OwnData(documents=("pages",), train=("train.jsonl",))

    def planned() -> int:
        Path("own.toml").write_text(recipe_text(own, Machine(cores=1, speed=1e11, has_gpu=False)))
        return load_recipe(Path("own.toml")).base.max_steps

    assert planned() == 24
    Path("pages/a.html").write_text("<p>x</p>" * 100_000)
    assert 24 < planned() < 2400
    Path("pages/a.html").write_text("<p>x</p>" * 3_000_000)
    assert planned() == 2400


def test_a_base_with_a_linearizer_of_its_own_is_asked_for_none() -> None:
    Path("base").mkdir()
    Path("base/linearizer.json").write_text('{"max_tokens": 200}')
    own = OwnData(documents=("pages",), train=("train.jsonl",), base="base")
    assert "[linearizer]" not in recipe_text(own, MACHINE)


def test_on_a_terminal_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gentap.commands.init_commands.is_interactive", lambda: True)
    typed = "\npages 'pages/a.html'\ntrain.jsonl\n\n\n\n\n"
    from typer.testing import CliRunner

    from gentap.cli import app

    result = CliRunner().invoke(app, ["init"], input=typed)
    assert result.exit_code == 0, result.output
    recipe = load_recipe(Path("recipe.toml"))
    assert recipe.mine.inputs == ["pages", "pages/a.html"]
    assert recipe.finetune.train == ["train.jsonl"]
    assert recipe.base.checkpoint == ""


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "give --documents" in complaint("init")
    assert "nowhere" in complaint("init", "--documents", "nowhere", "--train", "train.jsonl")
    assert "gentap fetch squad" in complaint("init", "--documents", "pages")
    assert not Path("recipe.toml").exists()
