"""Names of models and reports by their paths."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.runs.short_names import short_names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["runs/a", "runs/b/", "t5-base"], ["a", "b", "t5-base"]),
        (["runs/one/model", "runs/two/model", "c"], ["one/model", "two/model", "c"]),
        (["google/flan-t5-small"], ["flan-t5-small"]),
        (["a/x", "a/b/x"], ["a/x", "b/x"]),
        (["x", "a/x"], ["x", "a/x"]),
        (["a", "a"], ["a", "a"]),
    ],
)
def test_the_shortest_end_that_differs_is_the_name(paths: list[str], names: list[str]) -> None:
    assert short_names(paths) == names


def test_the_folder_one_is_in_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "films").mkdir()
    monkeypatch.chdir(tmp_path / "films")
    assert short_names(["."]) == ["films"]


PATHS = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), unique=True
)


@given(PATHS)
def test_different_paths_have_different_names_that_they_end_in(paths: list[str]) -> None:
    names = short_names(paths)
    assert len(set(names)) == len(names)
    assert all(f"/{path}".endswith(f"/{name}") for path, name in zip(paths, names, strict=True))
