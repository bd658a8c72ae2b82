"""The shell blocks of README and docs, run in their order as a reader of the page would.

What a page takes as known (a table, questions, a model) is laid down under the name that it has
there; everything is small, and a training has two steps.
"""

import gzip
import io
import json
import re
import shlex
import shutil
import tarfile
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import typer
from causal_toys import save_causal_toy
from chat_server import Request, Server, ask_back, completion, reply
from click.testing import Result
from complaints import TABLE, gentap, jsonl
from test_documented_commands import PAGES, ROOT, shell_lines
from test_notebooks import widen
from typer.testing import CliRunner

from gentap.cli import app

ELSEWHERE = {
    "e2e/devset.csv": "a data set that is no part of the project",
    "e2e/testset_w_refs.csv": "a data set that is no part of the project",
    "make": "builds an environment, and fetches SmolLM2",
    "pip": "installs packages",
    "python": "figures of the docs, from data sets that are no part of the project",
    "curl": "asks a server that stays",
    "tensorboard": "stays until it is ended",
    "gentap serve": "stays until it is ended; tests/serving start it",
    r"gentap fetch \w+": "downloads; tests/documents/test_fetch.py has a server of its own",
    "gentap run": "a writer of two steps writes nothing that is kept; tests/test_chain.py runs it",
    "torchrun": "several processes; tests/training starts some",
    "accelerate": "several processes; tests/training starts some",
    "srun": "Slurm",
    "--engine": "a cluster; tests/runs/test_cluster.py has small ones",
    "…": "a part is left out",
    "hf": "uploads",
    "ct2-transformers-converter": "another program",
    "optimum-cli": "another program",
    r"data/(?:ottqa|tabfact|logic2text)": "data sets that are no part of the project",
}
"""What marks the lines that are not run here (as a pattern), and why."""

LAID_DOWN = {
    "films.csv": "films.csv",
    "bridges.csv": "bridges.csv",
    "tables/*.csv": "films.csv",
    "tables.jsonl": "tables.jsonl",
    "tabfact/tables.jsonl.gz": "tables.jsonl.gz",
    "pages/": "pages",
    "pages/*.warc.gz": "pages.warc.gz",
    "docs.jsonl.gz": "pages.jsonl.gz",
    "enwiki.tar.gz": "enwiki.tar.gz",
    "squad.json": "squad.json",
    "mine.jsonl": "train.jsonl",
    "train.jsonl": "train.jsonl",
    "private.jsonl": "train.jsonl",
    "feedback.jsonl": "train.jsonl",
    "dev.jsonl": "test.jsonl",
    "test.jsonl": "test.jsonl",
    "wtq.jsonl": "test.jsonl",
    "fetaqa-test.jsonl": "test.jsonl",
    "fetaQA-v1_test.jsonl": "test.jsonl",
    "theirs.txt": "said.txt",
    "t5-small-test-predictions.txt": "said.txt",
    "questions.txt": "questions.txt",
    "t5-base": "base",
    "google/flan-t5-base": "base",
    "my/bart-folder": "base",
    "runs/base/smollm2": "smollm2",
    "runs/mined": "mined",
    "runs/long": "long",
    "runs/cell": "cell",
    "runs/writer": "writer",
    "runs/pretrained": "model",
    "runs/finetuned": "model",
    "runs/from_scratch/base": "base",
    "runs/from_scratch/mined": "mined",
    "runs/own/mined": "mined",
    "runs/own/long": "sampled",
    "runs/own/cell": "sampled",
    "runs/study/long": "long",
    "runs/linked": "long",
    "runs/study/cell": "cell",
    "runs/study/reports/pretrained": "report",
    "runs/study/with-the-grammar-s-sentences/reports/pretrained": "report",
    "runs/wikipedia/finetuned": "model",
    "runs/wikipedia/pretrained": "model",
    "runs/quickstart": "quickstart",
    "runs/quickstart/finetuned": "model",
    "runs/quickstart/reports/finetuned": "report",
}
"""By the name that a page takes as known, what stands in for it; see `stock`."""

FEW = ["--set", "max_steps=2", "--set", "batch_tokens=1024"]
SMALL = {
    "base": [*FEW, "--set", "size=tiny", "--set", "lookup_steps=1"],
    "pretrain": FEW,
    "finetune": FEW,
    "questions train": FEW,
    "evaluate": ["--set", "beams=1", "--set", "max_answer_tokens=4"],
    "cohorts": ["--least", "10"],
}
"""What is added to a command, so that it takes a moment."""

UNTRAINED = ("no question passed the filters", "holds no weak group")
"""What a command says, and rightly, of what a model of two steps has made."""

LONG = {"trust.md": "private training and audits"}
"""Pages that take half a minute and more, and what of them does."""


def mentions(line: str, pattern: str) -> bool:
    return re.search(rf"(?<![\w/.=-]){pattern}(?![\w-])", line) is not None


def is_run(line: str) -> bool:
    is_call = re.match(r"(?:[A-Z_]+=\S+ )*gentap ", line)
    return bool(is_call) and not any(mentions(line, pattern) for pattern in ELSEWHERE)


RUN_PAGES = [
    pytest.param(page, id=page.name, marks=[pytest.mark.slow] if page.name in LONG else [])
    for page in PAGES
    if any(is_run(line) for _, line in shell_lines(page))
]


def test_the_tables_name_only_what_the_pages_have() -> None:
    lines = [line.partition(" #")[0] for page in PAGES for _, line in shell_lines(page)]
    assert [one for one in ELSEWHERE if not any(mentions(line, one) for line in lines)] == []
    run = list(filter(is_run, lines))
    names = [one for one in LAID_DOWN if not any(mentions(line, re.escape(one)) for line in run)]
    assert names == []


@pytest.fixture(scope="module")
def stock(sound_folder: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands in for a reader's files, corpora and models: the sound folder's, and more."""
    folder = shutil.copytree(sound_folder, tmp_path_factory.mktemp("documented") / "stock")
    for model in ("base", "writer", "model"):
        widen(folder / model / "linearizer.json")
    save_causal_toy(folder / "smollm2", max_position_embeddings=2048)
    for name in ("train", "test"):
        shutil.copy(data / f"qa/{name}.jsonl", folder)
    page = (data / "pages/american_presidents.html").read_bytes()
    (folder / "pages.warc.gz").write_bytes(gzip.compress(archived(page)))
    article = {"name": "Presidents", "url": "u", "article_body": {"html": page.decode()}}
    with tarfile.open(folder / "enwiki.tar.gz", "w:gz") as dump:
        content = json.dumps(article).encode()
        member = tarfile.TarInfo("enwiki_0.ndjson")
        member.size = len(content)
        dump.addfile(member, io.BytesIO(content))
    pages = (folder / "pages.jsonl").read_bytes()
    (folder / "pages.jsonl.gz").write_bytes(gzip.compress(pages))
    tables = jsonl({"title": "Mara", **TABLE}, {"title": "Lind", **TABLE})
    (folder / "tables.jsonl").write_text(tables)
    (folder / "tables.jsonl.gz").write_bytes(gzip.compress(tables.encode()))
    bridges = (
        "Bridge,Opened,Length\nLow,1956-03-02,80 m\nOld,1950-05-12,120 m\nHigh,1949-01-30,95 m\n"
    )
    (folder / "bridges.csv").write_text(bridges)
    (folder / "questions.txt").write_text("Which film is of 2004?\nWhich film came last?\n")
    (folder / "said.txt").write_text("Chris Evert won four times.\n" * 20)
    with chdir(folder):
        for command in (
            "mine pages.warc.gz -o mined --workers 1 --overwrite",
            "sample mined -n 40 --base base -o sampled --workers 1",
            "score --predictions said.txt --data test.jsonl -o report --overwrite",
        ):
            result = gentap(*command.split())
            assert result.exit_code == 0, result.output
    shutil.copy(folder / "sampled/part-00000.parquet", folder / "long")
    shutil.copytree(folder / "mined", folder / "quickstart/mined")
    return folder


def archived(page: bytes) -> bytes:
    """A WARC record of a page."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://w.example/a\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def rate_or_ask(server: Server, handler: Any, request: Request) -> None:
    if "faithfulness" in str(request.content["messages"]):
        reply(handler, 200, completion('{"faithfulness": 4, "completeness": 4}'))
    else:
        ask_back(server, handler, request)


def lay_down(stock: Path, line: str) -> None:
    """Put what a line reads where it is not there yet."""
    for name, source in LAID_DOWN.items():
        path = Path(name.replace("*", "one"))
        if mentions(line, re.escape(name)) and not path.exists() and output_of(line) != name:
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = (stock / source).is_dir()
            (shutil.copytree if whole else shutil.copy)(stock / source, path)


def output_of(line: str) -> str:
    found = re.search(r" -o (\S+)", line)
    return found[1] if found else ""


def made_small(words: list[str]) -> list[str]:
    """The command with what makes it small, for its name and where it takes workers."""
    command: Any = typer.main.get_command(app)
    name = []
    while hasattr(command, "commands"):
        name.append(words[len(name)])
        command = command.commands[name[-1]]
    takes = {option for parameter in command.params for option in parameter.opts}
    alone = ["--workers", "1"] if "--workers" in takes else []
    return [*words, *SMALL.get(" ".join(name), []), *alone]


def run(line: str, address: str, patched: pytest.MonkeyPatch) -> Result:
    words = shlex.split(re.sub(r"https?://[\w.:]+/v1", address, line), comments=True)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        patched.setenv(name, value.replace("…", "key"))
    ends = {sign: words[words.index(sign) + 1] for sign in "<>" if sign in words}
    words = words[1 : min((words.index(sign) for sign in ends), default=len(words))]
    given = Path(ends["<"]).read_text() if "<" in ends else None
    result = CliRunner().invoke(app, made_small(words), input=given)
    if ">" in ends:
        Path(ends[">"]).write_text(result.stdout)
    return result


@pytest.mark.parametrize("page", RUN_PAGES)
def test_the_commands_of_a_page_run(
    page: Path,
    stock: Path,
    serve: Callable[..., Server],
    own_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    address = serve(rate_or_ask).address
    shutil.copytree(ROOT / "scripts/recipes", "scripts/recipes")
    Path("scripts/studies").mkdir()
    shutil.copy(ROOT / "scripts/studies/german_tables.jsonl", "scripts/studies")
    shutil.copytree(ROOT / "data/qa", "data/qa")
    Path("data/pages").mkdir()
    for file in (ROOT / "data/pages").glob("[ab]*.html"):
        shutil.copy(file, "data/pages")
    made: dict[str, int] = {}
    for number, line in shell_lines(page):
        if not is_run(line):
            continue
        output = output_of(line)
        if made.get(output) != number:  # each block may show another way to make it
            made[output] = number
            shutil.rmtree(output or "none", ignore_errors=True)
        lay_down(stock, line)
        result = run(line, address, monkeypatch)
        if any(told in result.output for told in UNTRAINED):
            shutil.rmtree(output, ignore_errors=True)  # what follows goes on from what is laid down
            continue
        assert result.exit_code == 0, f"{page.name}, line {number}: {line}\n{result.output}"
