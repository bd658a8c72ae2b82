"""Python blocks of README and docs, run one after the other as a reader of the page would; the
shell blocks are run in ``test_documented_runs.py``."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from test_documented_commands import PAGES, blocks

NEEDS = {"docs/programs.md": "trl and a checkpoint", "docs/serve.md": "a server that runs"}
"""Pages whose blocks are not run here, and what they need; the programs were tried by hand, and the
server's answer to the same client is a test of its own."""


def named() -> dict[str, Any]:
    """What a page takes as known: a frame of a table, and a batch of two inputs."""
    import pandas

    ids = torch.tensor([[3, 4, 5, 1], [4, 3, 1, 0]])
    labels = torch.tensor([[4, 1], [5, 1]])
    return {
        "frame": pandas.DataFrame({"Film": ["The Kid"], "Player": ["Jackie Coogan"]}),
        "ids": ids,
        "mask": (ids > 0).long(),
        "labels": labels,
        "a": labels[:1],
        "b": labels[1:],
    }


def name_of(page: Path) -> str:
    return page.relative_to(PAGES[0].parent).as_posix()


WITH_CODE = [page for page in PAGES if any(blocks(page, "python"))]


def test_what_is_not_run_is_there() -> None:
    assert set(NEEDS) < {name_of(page) for page in WITH_CODE}


@pytest.mark.parametrize(
    "page", [page for page in WITH_CODE if name_of(page) not in NEEDS], ids=lambda page: page.name
)
def test_the_blocks_of_a_page_run(
    page: Path, sound_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("evaluate")
    monkeypatch.chdir(shutil.copytree(sound_folder, tmp_path / "work"))
    Path("t5-base").symlink_to("base")
    Path("runs/quickstart").mkdir(parents=True)
    Path("runs/finetuned").symlink_to("../model")
    Path("runs/quickstart/finetuned").symlink_to("../../model")
    names = named()
    for number, block in blocks(page, "python"):
        code = block.replace("/some/writable/folder", str(tmp_path / "cache"))
        exec(compile(code, f"{page.name}, line {number}", "exec"), names)
