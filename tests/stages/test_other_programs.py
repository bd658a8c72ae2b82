"""Every corpus folder as the programs that people use read it: docs/programs.md has the table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from whole_chain import Chain

pytestmark = pytest.mark.slow
FOLDERS = ("long", "cell", "mined/sentences", "mined/tables", "mined/documents")


def by_datasets(folder: Path, cache: Path) -> int:
    datasets = pytest.importorskip("datasets")
    return len(datasets.load_dataset(str(folder), split="train", cache_dir=str(cache)))


def by_pandas(folder: Path, _: Path) -> int:
    return len(pytest.importorskip("pandas").read_parquet(folder))


def by_pyarrow(folder: Path, _: Path) -> int:
    dataset: Any = pytest.importorskip("pyarrow.dataset")
    return int(dataset.dataset(folder, format="parquet").count_rows())


def by_duckdb(folder: Path, _: Path) -> int:
    duckdb = pytest.importorskip("duckdb")
    found = duckdb.sql(f"select count(*) from '{folder}/part-*.parquet'").fetchall()
    return int(found[0][0])


def by_polars(folder: Path, _: Path) -> int:
    return len(pytest.importorskip("polars").read_parquet(folder / "part-*.parquet"))


READERS = (by_datasets, by_pandas, by_pyarrow, by_duckdb, by_polars)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", FOLDERS)
def test_a_corpus_folder_is_read_whole(
    chain: Chain, tmp_path: Path, read: Callable[[Path, Path], int], name: str
) -> None:
    folder = chain.output / name
    rows = sum(pq.read_metadata(part).num_rows for part in folder.glob("part-*.parquet"))
    assert read(folder, tmp_path) == rows > 0


@pytest.mark.parametrize("name", ["long", "cell"])
def test_an_example_keeps_its_nested_columns(chain: Chain, tmp_path: Path, name: str) -> None:
    datasets = pytest.importorskip("datasets")
    files = str(chain.output / name / "part-*.parquet")
    loaded = datasets.load_dataset(
        "parquet", data_files=files, split="train", cache_dir=str(tmp_path)
    )
    example = loaded[0]
    assert all(len(row) == len(example["header"]) for row in example["rows"])
    assert all({"row", "column"} == set(cell) for cell in example["cells"])
