"""The card of a corpus, and its front matter as the hub's own client reads it."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tomli_w
import yaml
from typer.testing import CliRunner

from gentap.cli import app
from gentap.errors import InputError
from gentap.evaluation.report.data_card import data_card
from gentap.records import DOCUMENT_SCHEMA, EXAMPLE_SCHEMA, MINED_SCHEMA, TABLE_SCHEMA


def made(folder: Path, stage: str, settings: dict[str, Any], stats: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    (folder / "recipe.toml").write_text(tomli_w.dumps({stage: settings}), encoding="utf-8")
    (folder / "stats.json").write_text(json.dumps(stats), encoding="utf-8")
    (folder / "done.json").write_text(json.dumps({"stage": stage, "fingerprint": "x"}))
    return folder


def part(folder: Path, schema: pa.Schema, rows: int = 1) -> None:
    folder.mkdir(exist_ok=True)
    columns = [pa.nulls(rows, field.type) for field in schema]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), folder / "part-00000.parquet")


@pytest.fixture
def mined(tmp_path: Path) -> Path:
    settings = {"inputs": ["pages"], "exclude": ["test.jsonl"], "answer_words": 8}
    stats = {"counts": {"sentences": 3}, "rejected": {"page of an evaluation set": 2}}
    folder = made(tmp_path / "mined", "mine", settings, stats)
    part(folder / "sentences", MINED_SCHEMA, 3)
    part(folder / "tables", TABLE_SCHEMA, 2)
    part(folder / "documents", DOCUMENT_SCHEMA)
    return folder


@pytest.fixture
def sampled(tmp_path: Path) -> Path:
    folder = made(tmp_path / "cell", "sample", {"grammar": "english"}, {"counts": {"examples": 9}})
    part(folder, EXAMPLE_SCHEMA, 9)
    return folder


def front(card: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(card.split("---\n")[1])
    return loaded


def test_a_mined_folder_has_a_configuration_for_each_of_its_parts(mined: Path) -> None:
    card = data_card(mined, [], name="Pages", license_="cc-by-sa-4.0")
    found = front(card)
    assert [part["config_name"] for part in found["configs"]] == [
        *("sentences", "tables", "documents")
    ]
    assert found["configs"][0]["data_files"][0]["path"] == "sentences/part-*.parquet"
    assert (found["pretty_name"], found["license"]) == ("Pages", "cc-by-sa-4.0")
    assert found["size_categories"] == ["n<1K"]
    for told in ("3 rows.", "| probability | `double`", "2 × page", 'load_dataset("FOLDER", "t'):
        assert told in card.replace("  ", "").replace(" |", " |"), told


def test_a_corpus_tells_what_it_was_made_from(mined: Path, sampled: Path) -> None:
    card = data_card(sampled, [mined], name="Cells", license_="")
    assert "license" not in front(card)
    assert front(card)["configs"][0]["data_files"][0]["path"] == "part-*.parquet"
    assert card.index("<summary>mine</summary>") < card.index("<summary>sample</summary>")
    assert "9 rows." in card
    assert "Kept out of the corpus, for test.jsonl: 2 × page" in card


def test_the_hubs_client_reads_the_front_matter(mined: Path, tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    path = tmp_path / "README.md"
    path.write_text(data_card(mined, [], name="Pages", license_="mit"), encoding="utf-8")
    data = hub.DatasetCard.load(str(path)).data
    assert data.license == "mit"
    assert data.task_categories == ["table-question-answering"]
    assert data.to_dict() == hub.metadata_load(str(path))


@pytest.mark.parametrize("name", ["sentences", "tables", "documents"])
def test_a_carded_folder_is_loaded_by_its_configurations(
    mined: Path, tmp_path: Path, name: str
) -> None:
    datasets = pytest.importorskip("datasets")
    (mined / "README.md").write_text(data_card(mined, [], name="x", license_=""), encoding="utf-8")
    cache = str(tmp_path / "cache")
    loaded = datasets.load_dataset(str(mined), name, split="train", cache_dir=cache)
    assert len(loaded) == pq.read_table(mined / name).num_rows


def test_the_command_writes_a_card_of_a_corpus(sampled: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "card.md"
    done = CliRunner().invoke(app, ["card", str(sampled), "-o", str(output), "--name", "Cells"])
    assert done.exit_code == 0, done.output
    assert front(output.read_text(encoding="utf-8"))["pretty_name"] == "Cells"


def test_a_corpus_has_no_report(sampled: Path, tmp_path: Path) -> None:
    arguments = [str(sampled), "-o", str(tmp_path / "card.md"), "--report", str(tmp_path)]
    done = CliRunner().invoke(app, ["card", *arguments])
    assert done.exit_code == 1
    assert "--report: a corpus has no scores" in done.stderr


@pytest.mark.parametrize("stage", ["base", "evaluate"])
def test_a_folder_of_another_stage_holds_no_corpus(tmp_path: Path, stage: str) -> None:
    folder = made(tmp_path / stage, stage, {}, {})
    with pytest.raises(InputError, match="holds no corpus"):
        data_card(folder, [], name="x", license_="")


@pytest.mark.parametrize(
    ("rows", "size"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**4, "10K<n<100K")],
)
def test_the_size_is_the_hubs_category(tmp_path: Path, rows: int, size: str) -> None:
    folder = made(tmp_path / "cell", "sample", {}, {})
    part(folder, EXAMPLE_SCHEMA, rows)
    assert front(data_card(folder, [], name="x", license_=""))["size_categories"] == [size]
