"""The whole chain through the command line: what its folders hold."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from whole_chain import (
    FOLDERS,
    METRICS,
    MODELS,
    QUESTIONS,
    REPORTS,
    RESULTS,
    ROOT,
    SYSTEMS,
    TEST,
    Chain,
    gentap,
)

from gentap.runs.store import own_files

OF_EVERY_FOLDER = {"done.json", "made_from.json", "recipe.toml", "rejected.jsonl", "stats.json"}
OF_A_REPORT = {
    "examples.parquet",
    "predictions.jsonl",
    "predictions.txt",
    "report.md",
    "scores.json",
    "statistics.parquet",
}
OF_A_MODEL = {
    "config.json",
    "generation_config.json",
    "linearizer.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
}
TABLE_COLUMNS = ["title", "section", "caption", "header", "rows"]
EXAMPLE_COLUMNS = [
    *["id", "kind", "origin", "question", "answer"],
    *TABLE_COLUMNS,
    *["cells", "source", "alternatives", "canonical", "section_text"],
]
COLUMNS = {
    "mined/documents": ["url", "title", "blocks"],
    "mined/tables": ["id", "url", *TABLE_COLUMNS],
    "mined/sentences": [
        "id",
        "sentence",
        "url",
        *TABLE_COLUMNS,
        "row",
        "cells",
        "further",
        "heading",
        "pronoun",
        "probability",
    ],
    "long": EXAMPLE_COLUMNS,
    "cell": EXAMPLE_COLUMNS,
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_finished_folder_holds_what_it_should_and_nothing_else(chain: Chain, name: str) -> None:
    folder = chain.output / name
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    own = {str((own_files(folder) / one).relative_to(folder)) for one in OF_EVERY_FOLDER}
    assert found >= own | {".lock"}
    data = found - own - {".lock"}
    parts = {path for path in data if re.fullmatch(r"(.*/)?part-\d{5}\.parquet", path)}
    if name in MODELS:
        pairs = {f"pairs/{split}/part-00000.parquet" for split in ("train", "dev")}
        assert data == OF_A_MODEL | ({*pairs, "writer.json"} if name == "writer" else set())
    elif name in REPORTS:
        assert data >= OF_A_REPORT
    else:
        assert parts
        assert data == parts


def test_nothing_stands_beside_the_folders_but_the_results(chain: Chain) -> None:
    assert {str(path.relative_to(chain.output)) for path in chain.output.iterdir()} == {
        *[name for name in FOLDERS if "/" not in name],
        *["reports", *RESULTS],
    }


@pytest.mark.parametrize("name", COLUMNS)
def test_a_corpus_loads_with_datasets(chain: Chain, name: str, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(
        "parquet",
        data_files=str(chain.output / name / "part-*.parquet"),
        cache_dir=str(tmp_path),
        split="train",
    )
    assert loaded.column_names == COLUMNS[name]
    stats = json.loads(
        (own_files(chain.output / name.partition("/")[0]) / "stats.json").read_text()
    )
    counted = "examples" if name in ("long", "cell") else name.partition("/")[2]
    assert len(loaded) == stats["counts"][counted] > 0
    for row in loaded:
        if "cells" not in row:
            continue
        assert row["cells"]
        values = [row["rows"][cell["row"]][cell["column"]] for cell in row["cells"]]
        if name == "cell":
            assert row["origin"] == "grammar"
            assert row["kind"] == "long" or row["answer"] in values
        if name == "long":
            assert (row["kind"], row["origin"]) == ("long", "mined")
            assert row["question"].endswith("?")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_folder_loads_with_from_pretrained(chain: Chain, name: str) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    from gentap.model.network import GenTapModel

    folder = chain.output / name
    kind: Any = AutoModelForSeq2SeqLM if name in ("base", "writer") else GenTapModel
    model, loading = kind.from_pretrained(folder, output_loading_info=True)
    assert not any(loading.values())
    assert all(weight.isfinite().all() for weight in model.parameters())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert len(tokenizer) <= model.config.vocab_size
    assert tokenizer.decode(tokenizer("Apollo 11")["input_ids"], skip_special_tokens=True)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_holds_all_scores_and_a_prediction_a_line(chain: Chain, name: str) -> None:
    folder = chain.output / name
    scores = json.loads((folder / "scores.json").read_text())
    assert set(METRICS) <= set(scores["signatures"]) == set(scores["intervals"]) <= set(scores)
    assert all(0 <= scores[name] <= 100 for name in scores["signatures"])
    assert all(scores["signatures"].values())
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    said = (folder / "predictions.txt").read_text().split("\n")
    assert said == [*(row["prediction"] for row in rows), ""]
    asked = [json.loads(line) for line in (ROOT / TEST).read_text().splitlines()]
    assert len(rows) == len(asked) == QUESTIONS
    for row, question in zip(rows, asked, strict=True):
        assert (row["question"], row["reference"]) == (question["question"], question["answer"])


def test_the_predictions_of_a_report_get_its_scores_again(chain: Chain) -> None:
    folder = chain.output / "reports" / "finetuned"
    for name in ("predictions.txt", "predictions.jsonl"):
        said = gentap("score", "--predictions", folder / name, "--data", TEST, "--json")
        kept = json.loads((folder / "scores.json").read_text())
        assert json.loads(said.stdout) == kept


def test_the_results_bring_all_systems_together(chain: Chain) -> None:
    results = json.loads((chain.output / "results.json").read_text())
    assert results["recipe"] == "chain.toml"
    assert results["scores"] == {
        system: json.loads((chain.output / report / "scores.json").read_text())
        for system, report in zip(SYSTEMS, REPORTS, strict=True)
    }
    text = (chain.output / "results.md").read_text()
    assert text in chain.printed
    for system in SYSTEMS:
        (line,) = (line for line in text.splitlines() if line.startswith(f"| {system} "))
        shown = [float(cell) for cell in line.strip("|").split("|")[1:]]
        scores = results["scores"][system]
        assert shown == [round(scores[name], 2) for name in scores["signatures"]]
        assert len(re.findall(f"^{re.escape(system)}: ", text, re.MULTILINE)) == 3
