"""`gentap run` before it throws work away."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from gentap import chain
from gentap.chain import RunPlan, run_recipe
from gentap.errors import FolderError
from gentap.runs.files.made_from import MADE_FROM
from gentap.runs.files.output_files import write_text
from gentap.runs.store import StageFolder
from gentap.settings.recipe import Recipe
from gentap.stages.stage import Planned, Stage


@dataclass(frozen=True)
class Toy(Stage):
    name: ClassVar[str] = "finetune"
    rate: float
    source: Path

    def settings(self) -> dict[str, Any]:
        return {"rate": self.rate}

    def inputs(self) -> list[Path]:
        return [self.source]

    def check(self, planned: Planned = ()) -> None:
        pass

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        write_text(folder.path / "model.txt", f"{self.rate}")
        return {}

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        return []


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two stages, the second on the first one's folder, run as a recipe's."""
    (tmp_path / "data.jsonl").write_text("{}")
    first, second = tmp_path / "first", tmp_path / "second"

    def run(rate: float = 1.0, after: float = 1.0, *, overwrite: bool = False) -> list[str]:
        stages = {first: Toy(rate, tmp_path / "data.jsonl"), second: Toy(after, first)}
        monkeypatch.setattr(chain, "make_plan", lambda _: RunPlan(tmp_path, stages=dict(stages)))
        run_recipe(Recipe(output=str(tmp_path)), name="toy.toml", overwrite=overwrite)
        return [(folder / "model.txt").read_text() for folder in (first, second)]

    return run


def take(folder: Path, seconds: float) -> None:
    note = folder / MADE_FROM
    note.write_text(json.dumps({**json.loads(note.read_text()), "seconds": seconds}))


def test_short_work_is_done_anew_and_the_change_said(run, capsys) -> None:
    assert run() == ["1.0", "1.0"]
    assert run(2.0) == ["2.0", "1.0"]
    said = capsys.readouterr().err
    assert "rate was 1.0 and is 2.0 now" in said
    assert "first holds something else now" in said


def test_long_work_is_kept_unless_asked(run, tmp_path: Path, capsys) -> None:
    run()
    take(tmp_path / "second", 3700)
    with pytest.raises(FolderError, match="--overwrite"):
        run(2.0)
    assert (
        f"{tmp_path / 'second'}: 1:01:40 of work; {tmp_path / 'first'}" in capsys.readouterr().err
    )
    assert run(1.0) == ["1.0", "1.0"]
    assert run(2.0, 3.0, overwrite=True) == ["2.0", "3.0"]


@pytest.mark.parametrize(("typed", "goes_on"), [("y\n", True), ("\n", False), ("", False)])
def test_on_a_terminal_the_user_decides(run, tmp_path, monkeypatch, typed, goes_on) -> None:
    run()
    take(tmp_path / "first", 90)
    monkeypatch.setattr(chain, "is_interactive", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    if goes_on:
        assert run(2.0) == ["2.0", "1.0"]
    else:
        with pytest.raises(FolderError, match="this folder is kept"):
            run(2.0)


def test_work_that_goes_on_is_nothing_to_ask_about(run, tmp_path: Path) -> None:
    run()
    take(tmp_path / "second", 3700)
    (tmp_path / "data.jsonl").write_text("{ }")  # the first is done anew …
    (tmp_path / "data.jsonl").write_text("{}")  # … but not where that was taken back
    assert run() == ["1.0", "1.0"]
