"""Which folders a recipe with variants makes, with stages that only write down their work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gentap.chain as chain
from gentap.runs.store import open_stage
from gentap.settings.recipe import Recipe, merge
from gentap.settings.sections import MineSettings

STAGES = ["mine", "base", "writer", "write", "sample", "pretrain", "finetune", "evaluate"]
RECIPE: dict[str, Any] = {
    "base": {"size": "tiny"},
    "finetune": {"train": ["train.jsonl"]},
    "evaluate": {"data": ["test.jsonl"]},
}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a recipe; gives the folders made, in order, and the systems' reports."""

    def run(**settings: Any) -> tuple[list[str], dict[str, list[str]]]:
        folders: list[Path] = []
        results: dict[str, list[Path]] = {}

        def stage(*given: Any, **more: Any) -> None:
            # The output folder is the last path among a stage's positional arguments.
            folders.append([one for one in given if isinstance(one, Path)][-1])

        for name in STAGES:
            monkeypatch.setattr(chain, f"{name}_stage", stage)
        monkeypatch.setattr(chain, "_check", lambda recipes: None)
        monkeypatch.setattr(
            chain, "_summarize", lambda recipe, name, models, reports: results.update(reports)
        )
        content = merge(RECIPE, settings)
        chain.run(Recipe(output=str(tmp_path), **content), name="test.toml")
        below = {
            system: [str(folder.relative_to(tmp_path)) for folder in reports]
            for system, reports in results.items()
        }
        return [str(folder.relative_to(tmp_path)) for folder in folders], below

    return run


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


def test_files_are_checked_once_for_all_variants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def check(name: str) -> None:
        seen.append(name)

    monkeypatch.setattr(chain, "_check_grammar", check)
    for name in ("data", "writer", "training", "wordnet"):
        monkeypatch.setattr(chain, f"_check_{name}", lambda given: None)
    page = tmp_path / "page.html"
    page.write_text("<p>x</p>")
    recipes = [
        Recipe(output="a", mine={"inputs": [str(page)]}, sample={"grammar": grammar})
        for grammar in ("english", "mine", "english")
    ]
    chain._check(recipes)
    assert seen == ["english", "mine"]


def test_an_earlier_runs_stages_are_taken_where_they_are_the_same(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>x</p>")

    def mine(settings: Any, folder: Path, *, overwrite: bool, **more: Any) -> None:
        with open_stage(folder, "mine", settings.model_dump(), [page], overwrite=overwrite) as work:
            if work is not None:
                (work.path / "part-00000.parquet").write_text(f"{settings.min_words}")
                work.finish({})

    def mined(output: str, **given: Any) -> Path:
        work = chain._Work(tmp_path / output, given.pop("reuse", ""))
        settings = MineSettings(**given)
        return work.made(
            "mined", [settings], [], lambda folder, over: mine(settings, folder, overwrite=over)
        )

    first = mined("first", min_words=4)
    reuse = str(tmp_path / "first")
    assert mined("second", reuse=reuse, min_words=4) == first
    assert not (tmp_path / "second").exists()
    other = mined("second", reuse=reuse, min_words=5)
    assert other == tmp_path / "second" / "mined"
    assert (other / "part-00000.parquet").read_text() == "5"
    assert (first / "part-00000.parquet").read_text() == "4"
    assert mined("third", reuse=str(tmp_path / "nowhere"), min_words=4) == tmp_path / "third/mined"
