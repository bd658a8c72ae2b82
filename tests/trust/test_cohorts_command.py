"""`gentap cohorts` and `gentap finetune --mend` on the project's own questions."""

import json
from pathlib import Path

import pytest
from complaints import complaint, gentap

from gentap.documents.annotated.reading import read_questions
from gentap.runs.files.output_files import write_json
from gentap.runs.files.own_files import read_json
from gentap.training.data.few_shot import draw_shots
from gentap.trust.cohorts import COHORTS, of_their_like, read_cohorts

QUICK = [
    "--set",
    "max_steps=2",
    "--set",
    "batch_tokens=512",
    "--set",
    "precision=fp32",
    "--set",
    "ewc.examples=3",
    "--set",
    "max_target_tokens=190",
]


def test_weak_groups_are_found_told_and_mended(
    report: str, tmp_path: Path, data: Path, toy: Path
) -> None:
    told = gentap("cohorts", report, "--least", "10")
    assert told.exit_code == 0, told.output
    assert "tables over 9 rows: ROUGE-L" in told.stdout
    out = tmp_path / "cohorts"
    again = gentap("cohorts", report, "--least", "10", "-o", str(out))
    assert again.stdout == told.stdout
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Weak groups" in page
    assert "tables over 9 rows" in page

    train = str(data / "qa" / "train.jsonl")
    model = str(tmp_path / "mended")
    common = ("--model", str(toy), "--train", train, *QUICK)
    done = gentap("finetune", *common, "--mend", str(out), "-o", model)
    assert done.exit_code == 0, done.output
    stats = read_json(Path(model) / "stats.json")
    like, others = of_their_like(read_cohorts(out), read_questions([train]).examples)
    aside = sum(stats["rejected"].values())
    assert sum(stats["examples"].values()) + aside == len(like) < len(like) + len(others)
    assert stats["ewc"]["examples"] == 3
    assert stats["ewc"]["penalty"] > 0
    assert "held by 3 former examples" in done.stdout + done.stderr


def test_an_ordinary_finetuning_is_held_by_what_is_given(
    tmp_path: Path, data: Path, toy: Path
) -> None:
    train, former = (str(data / "qa" / f"{name}.jsonl") for name in ("train", "dev"))
    common = ["--model", str(toy), "--train", train, *QUICK]
    done = gentap("finetune", *common, "--set", f"ewc.data=['{former}']", "-o", str(tmp_path / "a"))
    assert done.exit_code == 0, done.output
    assert 0 < read_json(tmp_path / "a" / "stats.json")["ewc"]["examples"] <= 3  # that fit
    free = gentap("finetune", *common, "-o", str(tmp_path / "b"))
    assert "ewc has no effect: it needs ewc.data or mend" in free.stderr + free.stdout
    assert "ewc" not in read_json(tmp_path / "b" / "stats.json")


def test_a_strength_of_nothing_looks_at_no_former_example(
    tmp_path: Path, data: Path, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*given: object, **more: object) -> None:
        raise AssertionError("the Fisher information was computed")

    monkeypatch.setattr("gentap.training.train_stages.consolidate", never)
    train, former = (str(data / "qa" / f"{name}.jsonl") for name in ("train", "dev"))
    common = ["--model", str(toy), "--train", train, *QUICK]
    off = ["--set", f"ewc.data=['{former}']", "--set", "ewc.strength=0.0"]
    done = gentap("finetune", *common, *off, "-o", str(tmp_path / "a"))
    assert done.exit_code == 0, done.output
    assert "ewc.data has no effect: it needs strength above 0" in done.output
    assert "ewc" not in read_json(tmp_path / "a" / "stats.json")


def test_former_examples_are_streamed_and_drawn_by_the_seed(
    tmp_path: Path, data: Path, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gentap.settings.sections import LinearizerSettings
    from gentap.settings.training_sections import FinetuneSettings
    from gentap.stages.training_stages import FinetuneStage

    former = tmp_path / "many.jsonl"
    lines = (data / "qa" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    records = [{**json.loads(line), "id": f"{n}"} for n, line in enumerate(lines * 4)]
    former.write_text("".join(f"{json.dumps(one)}\n" for one in records), encoding="utf-8")
    settings = FinetuneSettings(
        train=[str(data / "qa" / "dev.jsonl")], ewc={"data": [str(former)], "examples": 7}
    )
    stage = FinetuneStage(
        model=str(toy), finetune=settings, linearizer=LinearizerSettings(), seed=1
    )
    examples = read_questions([former]).examples
    monkeypatch.setattr("gentap.documents.annotated.reading.read_questions", None)  # reads all
    found = stage._former
    monkeypatch.undo()
    assert len(found) == 7
    assert found == draw_shots(examples, 7, 1)


@pytest.mark.usefixtures("own_folder")
def test_bad_groups_are_told(data: Path, toy: Path) -> None:
    train = str(data / "qa" / "train.jsonl")
    common = ("finetune", "--model", str(toy), "--train", train, "-o", "out")
    none = {"metric": "rougeL", "questions": 90, "tried": 4, "cohorts": []}
    write_json(Path(COHORTS), none)
    assert "holds no weak group: there is none to mend" in complaint(*common, "--mend", COHORTS)
    group = {
        "words": "tables over 900 rows",
        "conditions": [{"feature": "rows", "above": True, "bound": 900.0}],
        "questions": 90,
        "held_out": 40,
        **dict.fromkeys(("score", "rest", "low", "high", "p"), 0.5),
    }
    Path(COHORTS).write_text(json.dumps({**none, "cohorts": [group]}), encoding="utf-8")
    said = complaint(*common, "--mend", COHORTS)
    assert "none of 56 training questions is like those of" in said
    assert "tables over 900 rows" in said
    assert not Path("out").exists()
    assert complaint(*common, "--mend", "none.json") == "none.json: no such file."


def test_a_group_of_three_and_other_mistakes_are_refused(report: str, tmp_path: Path) -> None:
    assert "give --least 10 or more" in complaint("cohorts", report, "--least", "3")
    assert "too few to find groups of 60" in complaint("cohorts", report, "--least", "60")
    assert "--by: no metric 'bleurt'" in complaint("cohorts", report, "--by", "bleurt")
    assert "not a report's folder" in complaint("cohorts", str(tmp_path))
