from pathlib import Path

import pytest
from complaints import write
from hypothesis import given
from hypothesis import strategies as st

from gentap.runs.files.missing_paths import alike_name, no_such

pytestmark = pytest.mark.usefixtures("own_folder")

THERE = [
    *["data/train.jsonl", "data/train.csv", "data/dev.jsonl", "data/pages/mara.html"],
    *["data/.hidden", "runs/report/scores.json", "Films.csv", "odd [1]/films.csv"],
]


@pytest.fixture(autouse=True)
def _files(own_folder: Path) -> None:
    for name in THERE:
        write(name, "")


@pytest.mark.parametrize(
    ("given", "meant"),
    {
        "data/trian.jsonl": "data/train.jsonl",
        "data/train.json": "data/train.jsonl",
        "data/trian.csv": "data/train.csv",
        "data/dve.jsonl": "data/dev.jsonl",
        "films.csv": "Films.csv",
        "FILMS.txt": "Films.csv",
        "rusn/report": "runs/report",
        "run/reprot": "",  # two of its parts are missing
        "dta/pages/*.html": "data/pages/*.html",
        "dta/**/mara.html": "data/**/mara.html",
        "dta/pages/*.warc": "",
        "odd 1/films.csv": "odd [1]/films.csv",
        "odd 1/*.csv": "odd [1]/*.csv",
        "data/hidden": "data/.hidden",
        "data/none.jsonl": "",
        "Films.csv/of/another": "",
        "data": "",
        "": "",
    }.items(),
)
def test_what_looks_like_a_path_that_is_not_there_is_named(given: str, meant: str) -> None:
    assert alike_name(Path(given)) == (f" Did you mean '{meant}'?" if meant else "")


def test_a_whole_path_is_followed_from_its_root(own_folder: Path) -> None:
    given = own_folder / "data/trian.jsonl"
    assert no_such(given) == (
        f"{given}: no such file. Did you mean '{own_folder / 'data/train.jsonl'}'?"
    )


@given(st.text(max_size=300))
def test_any_name_gets_one_sentence(name: str) -> None:
    assert no_such(name, "table").startswith(f"{name}: no such table.")
