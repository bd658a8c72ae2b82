"""Which folders a recipe with variants makes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gentap.chain import RunPlan, make_plan
from gentap.errors import GentapError
from gentap.runs.store import open_stage
from gentap.settings.recipe import Recipe, merge
from gentap.settings.sections import MineSettings
from gentap.stages.corpus_stages import MineStage, SampleStage
from gentap.stages.stage import Stage

RECIPE: dict[str, Any] = {
    "output": "runs",
    "mine": {"inputs": ["page.html"]},
    "base": {"size": "tiny"},
    "finetune": {"train": ["train.jsonl"]},
    "evaluate": {"data": ["test.jsonl"]},
}


@pytest.fixture
def made(own_folder: Path) -> Callable[..., Any]:
    """Plans a recipe; gives the folders, in order, and the systems' reports."""
    for name in ("page.html", "train.jsonl", "test.jsonl"):
        (own_folder / name).write_text("<p>x</p>")

    def plan(**settings: Any) -> tuple[list[str], dict[str, list[str]]]:
        planned = make_plan(Recipe(**merge(RECIPE, settings)))
        reports = {
            system: [str(folder.relative_to("runs")) for folder in folders]
            for system, folders in planned.reports.items()
        }
        return [str(folder.relative_to("runs")) for folder in planned.stages], reports

    return plan


PLAIN = [
    *("mined", "base", "finetuned-base", "writer", "long", "cell", "pretrained", "finetuned"),
    *("reports/finetuned-base", "reports/pretrained", "reports/finetuned"),
]


def test_without_variants_every_stage_has_its_folder(made: Callable[..., Any]) -> None:
    folders, reports = made()
    assert folders == PLAIN
    assert reports == {
        "base, finetuned": ["reports/finetuned-base"],
        "GenTaP, zero-shot": ["reports/pretrained"],
        "GenTaP, finetuned": ["reports/finetuned"],
    }


def test_a_variant_makes_only_what_its_settings_change(made: Callable[..., Any]) -> None:
    variants = {"slower pretraining": {"pretrain": {"learning_rate": 1e-5}}}
    folders, reports = made(variants=variants)
    assert folders[: len(PLAIN)] == PLAIN
    assert folders[len(PLAIN) :] == [
        "slower-pretraining/pretrained",
        "slower-pretraining/finetuned",
        "slower-pretraining/reports/pretrained",
        "slower-pretraining/reports/finetuned",
    ]
    assert list(reports) == [
        *("base, finetuned", "GenTaP, zero-shot", "GenTaP, finetuned"),
        *("GenTaP, zero-shot, slower pretraining", "GenTaP, finetuned, slower pretraining"),
    ]


def test_a_change_reaches_all_stages_that_come_after_it(made: Callable[..., Any]) -> None:
    folders, _ = made(variants={"x": {"write": {"beams": 7}}})
    changed = [folder for folder in folders if folder.startswith("x/")]
    assert changed == [
        *("x/long", "x/pretrained", "x/finetuned", "x/reports/pretrained", "x/reports/finetuned")
    ]


def test_variants_share_what_they_have_in_common(made: Callable[..., Any]) -> None:
    variants = {
        "a": {"sample": {"per_table": 9}},
        "b": {"sample": {"per_table": 9}, "finetune": {"epochs": 9}},
    }
    folders, _ = made(variants=variants)
    assert "a/cell" in folders
    assert "b/cell" not in folders
    assert "b/pretrained" not in folders
    assert "b/finetuned-base" in folders


def test_shots_name_their_systems(made: Callable[..., Any]) -> None:
    folders, reports = made(
        finetune={"shots": 50}, variants={"100 shots": {"finetune": {"shots": 100}}}
    )
    assert list(reports) == [
        *("base, 50 shots", "GenTaP, zero-shot", "GenTaP, 50 shots"),
        *("base, 100 shots", "GenTaP, 100 shots"),
    ]
    assert "100-shots/finetuned" in folders
    assert len(folders) == len(set(folders))


def test_each_finetuning_has_its_seed_and_folder(made: Callable[..., Any]) -> None:
    folders, reports = made(finetunings=3, seed=4)
    assert reports["GenTaP, finetuned"] == [
        *("reports/finetuned", "reports/finetuned-seed5", "reports/finetuned-seed6")
    ]
    assert reports["GenTaP, zero-shot"] == ["reports/pretrained"]
    assert [folder for folder in folders if folder.startswith("finetuned-base")] == [
        *("finetuned-base", "finetuned-base-seed5", "finetuned-base-seed6")
    ]


def test_a_checkpoint_stands_for_the_base(made: Callable[..., Any]) -> None:
    folders, _ = made(base={"checkpoint": "t5-small"})
    assert "base" not in folders
    assert "finetuned-base" in folders


def test_settings_that_only_change_the_pace_change_no_folder(made: Callable[..., Any]) -> None:
    pace = {"write": {"threads": 7}, "pretrain": {"workers": 7}, "workers": 5}
    folders, _ = made(variants={"faster": pace})
    assert folders == PLAIN


def test_equal_stages_are_checked_once_and_before_any_work(
    made: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def check(stage: SampleStage, planned: Any) -> None:
        seen.append(stage.sample.grammar)
        if stage.sample.grammar == "german":
            raise GentapError("bad")

    for kind in Stage.__subclasses__():
        monkeypatch.setattr(kind, "check", lambda stage, planned: None)
    monkeypatch.setattr(SampleStage, "check", check)
    variants = {"a": {"sample": {"grammar": "german"}}, "b": {"sample": {"grammar": "english"}}}
    with pytest.raises(GentapError, match="bad"):
        make_plan(Recipe(**merge(RECIPE, {"variants": variants}))).check()
    assert seen == ["english", "german"]
    assert not Path("runs").exists()


def test_an_earlier_runs_stages_are_taken_where_they_are_the_same(own_folder: Path) -> None:
    page = own_folder / "page.html"
    page.write_text("<p>x</p>")

    def mined(output: str, reuse: str = "", **given: Any) -> Path:
        plan = RunPlan(own_folder / output, own_folder / reuse if reuse else None)
        settings = MineSettings(inputs=[str(page)], **given)
        stage = MineStage(mine=settings, workers=1)
        folder = plan.add("mined", stage, "")
        if folder not in plan.reused:
            with open_stage(folder, "mine", stage.settings(), stage.inputs()) as work:
                assert work is not None
                (work.path / "part-00000.parquet").write_text(f"{settings.min_words}")
                work.finish({})
        return folder

    first = mined("first", min_words=4)
    assert mined("second", reuse="first", min_words=4) == first
    assert not (own_folder / "second").exists()
    other = mined("second", reuse="first", min_words=5)
    assert other == own_folder / "second" / "mined"
    assert (other / "part-00000.parquet").read_text() == "5"
    assert (first / "part-00000.parquet").read_text() == "4"
    assert mined("third", reuse="nowhere", min_words=4) == own_folder / "third" / "mined"
