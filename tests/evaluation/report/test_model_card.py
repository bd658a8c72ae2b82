import json
import re
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import yaml
from systems import example, results
from typer.testing import CliRunner

from gentap.cli import app
from gentap.errors import InputError
from gentap.evaluation.report.model_card import model_card
from gentap.evaluation.results import write_results


def stage(folder: Path, name: str, settings: dict[str, Any], stats: dict[str, Any]) -> Path:
    """A finished output folder."""
    folder.mkdir(parents=True)
    (folder / "recipe.toml").write_text(tomli_w.dumps({name: settings}), encoding="utf-8")
    (folder / "stats.json").write_text(json.dumps(stats), encoding="utf-8")
    (folder / "done.json").write_text(json.dumps({"stage": name, "fingerprint": "x"}))
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The output of a run: a mined folder, a base, a finetuned model and its report."""
    run = tmp_path / "run"
    stage(
        run / "mined",
        "mine",
        {"inputs": ["pages"], "exclude": ["test.jsonl"], "answer_words": 8},
        {
            "counts": {"sentences": 1662, "tables": 76},
            "rejected": {"page of an evaluation set": 3, "too short": 5},
        },
    )
    stage(run / "base", "base", {"checkpoint": "t5-small"}, {"steps": 10, "last_loss": 4.3287})
    model = stage(
        run / "finetuned",
        "finetune",
        {"train": ["train.jsonl"]},
        {"parameters": 2_500_000, "steps": 520, "examples": {"long": 56}, "rejected": {}},
    )
    (model / "config.json").write_text("{}")
    report = stage(run / "reports" / "finetuned", "evaluate", {"data": ["qa/Test: set.jsonl"]}, {})
    examples = [example(f"q{n}", "Which film?", f"It was film {n}.") for n in range(5)]
    write_results(report, results("ours", examples, ["It was film 0."] * 5))
    return run


def front_matter(card: str) -> dict[str, Any]:
    _, front, _ = card.split("---\n", 2)
    loaded: dict[str, Any] = yaml.safe_load(front)
    return loaded


def card_of(run: Path) -> str:
    return model_card(
        run / "finetuned", [run / "reports" / "finetuned"], [run], name="films", license_="mit"
    )


def test_the_front_matter_is_the_hubs_model_index(run: Path) -> None:
    front = front_matter(card_of(run))
    assert front["license"] == "mit"
    assert front["base_model"] == "t5-small"
    assert front["pipeline_tag"] == "table-question-answering"
    (index,) = front["model-index"]
    (result,) = index["results"]
    assert index["name"] == "films"
    assert result["dataset"] == {"type": "test-set", "name": "Test: set.jsonl"}
    scores = json.loads((run / "reports/finetuned/scores.json").read_text())
    assert [metric["type"] for metric in result["metrics"]] == list(scores["signatures"])
    for metric in result["metrics"]:
        name = metric["type"]
        assert metric["value"] == round(scores[name], 2)
        assert metric["args"]["signature"] == scores["signatures"][name]
        low, high = metric["args"]["interval"]
        assert low <= metric["value"] <= high
    assert front["metrics"] == list(scores["signatures"])


def test_the_hubs_own_reader_understands_the_card(run: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard(card_of(run))
    assert card.data.model_name == "films"
    assert card.data.license == "mit"
    found = {result.metric_type: result for result in card.data.eval_results}
    scores = json.loads((run / "reports/finetuned/scores.json").read_text())
    assert found["bleu"].metric_value == round(scores["bleu"], 2)
    assert found["bleu"].metric_args["signature"] == scores["signatures"]["bleu"]
    assert found["bleu"].dataset_type == "test-set"
    assert found["rougeL"].task_type == "table-question-answering"
    assert "## Results" in card.text
    hub.ModelCard(str(card))  # and writes it so that it reads it again


def test_the_text_tells_data_overlap_settings_and_scores(run: Path) -> None:
    text = card_of(run)
    assert re.search(r"\| mine +\| sentences +\| 1,662 ", text)
    assert re.search(r"\| base +\| last loss +\| 4.329 ", text)
    assert "set aside: too short" in text
    assert "Kept out of the corpus, for test.jsonl: 3 × page." in text
    assert 'train = [\n    "train.jsonl",\n]' in text
    assert "A model of 2,500,000 parameters" in text
    scores = json.loads((run / "reports/finetuned/scores.json").read_text())
    low, high = scores["intervals"]["bleu"]
    score = re.escape(f"{scores['bleu']:.2f} [{low:.1f}, {high:.1f}]")
    assert re.search(rf"\| BLEU +\| {score} ", text)
    stages = [text.index(f"<summary>{name}<") for name in ("mine", "base", "finetune", "evaluate")]
    assert stages == sorted(stages)


def test_a_model_alone_has_a_card_that_says_what_is_not_known(run: Path) -> None:
    text = model_card(run / "finetuned", [], [], name="films", license_="")
    front = front_matter(text)
    assert not {"license", "model-index", "metrics", "base_model"} & set(front)
    assert "Not known: no mined folder" in text
    assert "## Results" not in text


def test_an_empty_list_of_evaluation_sets_is_told(run: Path) -> None:
    settings = {"mine": {"inputs": ["pages"], "exclude": []}}
    (run / "mined" / "recipe.toml").write_text(tomli_w.dumps(settings))
    assert "Nothing was kept out of the corpus" in card_of(run)


def test_other_folders_are_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no model"):
        model_card(run / "mined", [], [], name="x", license_="")
    with pytest.raises(InputError, match="no such folder"):
        model_card(run / "nowhere", [], [], name="x", license_="")
    with pytest.raises(InputError, match="not a report's folder"):
        model_card(run / "finetuned", [run / "mined"], [], name="x", license_="")
    with pytest.raises(InputError, match="none: no such folder"):
        model_card(run / "finetuned", [], [tmp_path / "none"], name="x", license_="")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="neither an output folder"):
        model_card(run / "finetuned", [], [tmp_path / "empty"], name="x", license_="")
    with pytest.raises(InputError, match=r"reprots: no such folder\. Did you mean '.*/reports'"):
        model_card(run / "finetuned", [run / "reprots"], [], name="x", license_="")


def test_the_command_writes_the_card(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "hub" / "README.md"
    given = [str(run / "finetuned"), "-o", str(out), "--from", str(run)]
    given += ["--report", str(run / "reports" / "finetuned"), "--license", "cc-by-sa-4.0"]
    done = CliRunner().invoke(app, ["card", *given])
    assert done.exit_code == 0, done.output
    front = front_matter(out.read_text(encoding="utf-8"))
    assert front["model-index"][0]["name"] == "finetuned"
    assert front["license"] == "cc-by-sa-4.0"
    refused = CliRunner().invoke(app, ["card", str(tmp_path / "none"), "-o", str(out)])
    assert refused.exit_code == 1
