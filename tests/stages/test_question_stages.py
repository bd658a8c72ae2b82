import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toys import toy_t5

from gentap.documents.linked_sentences import read_linked
from gentap.errors import FolderError, GentapError, InputError, SettingError, WorkerError
from gentap.model.tokenizer import train_vocabulary
from gentap.records import MINED_SCHEMA, Mined, NamedCell, Table, mined_to_row
from gentap.runs.files.own_files import read_json
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import StageFolder, own_files
from gentap.settings.question_sections import WriteSettings
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import WriterSettings
from gentap.stages.question_stages import WriterStage, WriteStage

LINEARIZER = LinearizerSettings(max_tokens=128, max_question_tokens=32)
QUICK: dict[str, Any] = {
    "max_steps": 2,
    "batch_tokens": 256,
    "precision": "fp32",
    "held_out": 0.5,
    "dev_beams": 2,
    "optimizer": "adamw",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    texts = [f"When did rower {number} win the cup of {1900 + number}?" for number in range(99)]
    tokenizer = train_vocabulary(texts, 300, LINEARIZER)
    toy_t5(len(tokenizer.hf)).save_pretrained(folder)
    tokenizer.save(folder)
    return folder


@pytest.fixture
def reading(tmp_path: Path) -> str:
    articles = [
        {
            "title": f"Race {number}",
            "paragraphs": [
                {
                    "context": f"Rower {number} won in {1900 + number}.",
                    "qas": [
                        {
                            "id": f"q{number}",
                            "question": f"When did rower {number} win?",
                            "answers": [{"text": str(1900 + number), "answer_start": 15}],
                        },
                        {"id": f"u{number}", "question": "Why?", "is_impossible": True},
                    ],
                }
            ],
        }
        for number in range(1, 7)
    ]
    path = tmp_path / "reading.json"
    path.write_text(json.dumps({"data": articles}))
    return str(path)


def test_training_reports_the_scores_of_held_out_articles(
    base: Path, reading: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("nltk")
    settings = WriterSettings(data=[reading], **QUICK)
    WriterStage(base=str(base), writer=settings, linearizer=LINEARIZER, seed=1).make(
        tmp_path / "writer"
    )
    stats = read_json(tmp_path / "writer" / "stats.json")
    scores = stats["held_out"]["all"]
    assert scores["questions"] == 3
    assert set(scores["signatures"]) == {"bleu", "rougeL", "meteor"}
    assert all(0 <= scores[name] <= 100 for name in scores["signatures"])
    assert stats["inverted"]["rejected"] == {"unanswerable question": 6}
    assert stats["best_dev_loss"] > 0
    lines = (tmp_path / "writer" / "held_out.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [sorted(row) for row in rows] == [["id", "origin", "reference", "written"]] * 3
    assert "3 on held-out articles: bleu " in capsys.readouterr().err
    WriterStage(base=str(base), writer=settings, linearizer=LINEARIZER, seed=1).make(
        tmp_path / "writer"
    )
    assert "done already" in capsys.readouterr().err


def test_training_without_anything_held_out(base: Path, reading: str, tmp_path: Path) -> None:
    settings = WriterSettings(data=[reading], **{**QUICK, "held_out": 0.0})
    WriterStage(base=str(base), writer=settings, linearizer=LINEARIZER, seed=1).make(
        tmp_path / "writer"
    )
    assert read_json(tmp_path / "writer" / "stats.json")["held_out"] == {}
    assert not (tmp_path / "writer" / "held_out.jsonl").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "no reading-comprehension file given"),
        ({"data": ["none.json"]}, "none.json: no such file or folder"),
        ({"annotated": ["none.jsonl"]}, "none.jsonl: no such file or folder"),
    ],
)
def test_training_needs_files(
    base: Path, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(GentapError, match=message):
        WriterStage(
            base=str(base), writer=WriterSettings(**settings), linearizer=LINEARIZER, seed=1
        ).make(tmp_path / "writer")
    assert not (tmp_path / "writer").exists()


@pytest.fixture
def mined(tmp_path: Path) -> Path:
    rows = []
    for number in range(4):
        name, year = f"Rower {'ABCD'[number]}", str(1900 + number)
        sentence = f"{name} won the cup in {year}."
        record = Mined(
            id=f"m{number}",
            sentence=sentence,
            url=f"https://pages.example/{number}",
            table=Table(title="Races", header=("Rower", "Year"), rows=((name, year),)),
            row=0,
            cells=(
                NamedCell(0, 0, 0, len(name)),
                NamedCell(0, 1, sentence.index(year), len(sentence) - 1),
            ),
        )
        rows.append(mined_to_row(record))
    folder = tmp_path / "mined"
    (folder / "sentences").mkdir(parents=True)
    table = pa.Table.from_pylist(rows, MINED_SCHEMA)
    pq.write_table(table, folder / "sentences" / "part-00000.parquet")
    StageFolder(folder, "mine", "mined-fingerprint", {}, resumed=False).finish({})
    return folder


class Chat:
    """An endpoint that asks when the sentence's first two words won."""

    def __init__(self) -> None:
        self.asked = 0
        self.status = 200


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Chat, str]]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked += 1
            said = content["messages"][-1]["content"].rpartition("Sentence: ")[2]
            question = f"When did {' '.join(said.split()[:2])} win the cup?"
            body = json.dumps({"choices": [{"message": {"content": question}}]}).encode()
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    yield state, f"http://127.0.0.1:{httpd.server_port}/v1"
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture
def write(tmp_path: Path, mined: Path) -> Callable[..., Path]:
    def write(writer: str, out: str = "long", **endpoint: Any) -> Path:
        values = {"model": "m", "backoff": 0.0, "retries": 0, "concurrency": 1}
        values |= {"cache": str(tmp_path / "answers"), **endpoint}
        settings = WriteSettings(asked=0, shard_records=1, endpoint=values)
        WriteStage(mined=mined, writer=writer, write=settings, seed=1).make(tmp_path / out)
        return tmp_path / out

    return write


def test_an_endpoint_s_questions_become_examples_and_a_rerun_pays_nothing(
    chat: tuple[Chat, str], write: Callable[..., Path]
) -> None:
    state, address = chat
    folder = write(address)
    rows = list(read_rows(parts(folder)))
    assert [row["question"] for row in rows] == [
        f"When did Rower {letter} win the cup?" for letter in "ABCD"
    ]
    asked = state.asked
    assert asked == 8
    again = write(address, "again")
    assert state.asked == asked
    assert [path.read_bytes() for path in parts(again)] == [
        path.read_bytes() for path in parts(folder)
    ]
    questions = list(read_rows(parts(folder / ".questions")))
    assert {row["writer"] for row in questions} == {f"{address[7:]}#m"}
    assert {row["score"] for row in questions} == {None}


def linked(tmp_path: Path, name: str, **entry: Any) -> Mapping[str, Any]:
    line = {
        "sentence": "Rower X won the cup in 1950, Rower Y won it in 1951.",
        "header": ["Rower", "Year"],
        "rows": [["Rower X", "1950"], ["Rower Y", "1951"]],
        "cells": [[0, 0], [0, 1], [1, 0], [1, 1]],
        **entry,
    }
    path = tmp_path / f"{name}.jsonl"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    return {"files": [str(path)]}


def test_linked_sentences_alone_become_annotated_examples(
    chat: tuple[Chat, str], tmp_path: Path
) -> None:
    endpoint = {"model": "m", "cache": str(tmp_path / "answers")}
    settings = WriteSettings(
        asked=1, endpoint=endpoint, linked=linked(tmp_path, "own"), filters={"min_left": 0}
    )
    stage = WriteStage(mined=None, writer=chat[1], write=settings, seed=1)
    stage.make(tmp_path / "long")
    (example,) = read_rows(parts(tmp_path / "long"))
    assert (example["origin"], example["question"]) == (
        "annotated",
        "When did Rower X win the cup?",
    )
    assert [(cell["row"], cell["column"]) for cell in example["cells"]] == [
        *[(0, 0), (0, 1), (1, 0), (1, 1)]
    ]
    assert not list((tmp_path / "long").glob("**/linked/*"))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"title": "Held  out cups"}, "page of an evaluation set"),
        ({"rows": [["Rower X", "1"], ["Rower Z", "2"]]}, "table of an evaluation set"),
        (
            {"sentence": "Rower X won the cup in 1950, as was known to all of the town."},
            "answer of an evaluation set",
        ),
        ({}, ""),
    ],
)
def test_evaluation_sets_are_kept_out_of_linked_sentences(
    tmp_path: Path, entry: dict[str, Any], reason: str
) -> None:
    question = {
        "question": "Who?",
        "answer": "It was known to all of the town, as was known to all of the town.",
        "table": {
            "title": "Held out cups",
            "header": ["Rower", "Year"],
            "rows": [["Rower X", "1"], ["Rower Z", "2"]],
        },
    }
    excluded = tmp_path / "test.jsonl"
    excluded.write_text(json.dumps(question) + "\n", encoding="utf-8")
    own = {**linked(tmp_path, "own", **entry), "exclude": [str(excluded)]}
    settings = WriteSettings(linked=own)
    stage = WriteStage(mined=None, writer="w", write=settings, seed=1)
    (found,) = read_linked(Path(own["files"][0]), settings.linked)
    assert isinstance(found, Mined)
    assert stage._excluded(found) == reason


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({}, r"nothing to write for\. Give a mined folder, or files of linked"),
        ({"files": ["none.jsonl"]}, "none.jsonl: no such file or folder"),
        ({"files": ["own.jsonl"], "tables": "none.jsonl"}, "none.jsonl: no such file"),
        ({"files": ["own.jsonl"], "exclude": ["none.jsonl"]}, "none.jsonl: no such file"),
    ],
)
def test_what_linked_sentences_need_is_asked_for_before_any_work(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    linked(tmp_path, "own")
    stage = WriteStage(mined=None, writer=str(base), write=WriteSettings(linked=own), seed=1)
    with pytest.raises(GentapError, match=message):
        stage.make(tmp_path / "long")
    assert not (tmp_path / "long").exists()


def test_a_run_that_spent_its_limit_goes_on_with_another(
    chat: tuple[Chat, str], write: Callable[..., Path]
) -> None:
    state, address = chat
    with pytest.raises(WorkerError, match="max_requests = 3"):
        write(address, max_requests=3)
    assert state.asked == 3
    folder = write(address, max_requests=0, concurrency=2, timeout=7.0)
    assert state.asked == 8
    assert len(list(read_rows(parts(folder)))) == 4


def test_an_endpoint_that_goes_down_loses_nothing(
    chat: tuple[Chat, str], write: Callable[..., Path]
) -> None:
    state, address = chat
    state.status = 503
    with pytest.raises(WorkerError, match="status 503"):
        write(address)
    state.status = 200
    assert len(list(read_rows(parts(write(address))))) == 4


def test_a_full_disk_is_named_and_the_run_goes_on_later(
    chat: tuple[Chat, str], write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, address = chat
    real = os.fsync
    left = 5

    def full(file: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(FolderError, match="The disk is full: free some space"):
            write(address)
    assert len(list(read_rows(parts(write(address))))) == 4


def test_bad_settings_end_the_run_before_any_work(
    mined: Path, tmp_path: Path, write: Callable[..., Path], base: Path
) -> None:
    with pytest.raises(SettingError, match=r"write\.endpoint\.model"):
        write("http://127.0.0.1:9/v1", model="")
    with pytest.raises(InputError, match="no such prompt template"):
        write("http://127.0.0.1:9/v1", prompt="none.txt")
    settings = WriteSettings(filters={"round_trip": str(tmp_path / "none")})
    with pytest.raises(InputError, match=r"no model folder \(write\.filters\.round_trip\)"):
        WriteStage(mined=mined, writer=str(base), write=settings, seed=1).make(tmp_path / "long")
    with pytest.raises(InputError, match="no such model folder"):
        WriteStage(mined=mined, writer=str(tmp_path / "none"), write=WriteSettings(), seed=1).make(
            tmp_path / "long"
        )
    assert not list(tmp_path.glob("long/part-*"))


@pytest.mark.parametrize("address", ["http://[::1/v1", "http://host:port/v1", "ftp://host/v1"])
def test_an_impossible_address_leaves_no_folder(
    tmp_path: Path, write: Callable[..., Path], address: str
) -> None:
    with pytest.raises(SettingError, match=r"http\(s\)://HOST"):
        write(address)
    assert not (tmp_path / "long").exists()


@pytest.mark.parametrize(
    ("address", "settings", "told"),
    [
        ("{}", {"backend": "ctranslate2"}, "write.backend"),
        ("{}", {"precision": "fp32", "threads": 2}, "write.precision, write.threads"),
        ("{}", {"max_question_tokens": 9, "batch_size": 2}, "write.max_question_tokens"),
        ("{}", {"filters": {"min_score": -2.0}}, "write.filters.min_score"),
        ("{}", {"filters": {"min_margin": 0.0}}, "write.filters.min_margin"),
        ("none", {"endpoint": {"model": "m"}}, "write.endpoint.model"),
        ("none", {"endpoint": {"max_spent": 9, "cache": "c"}}, "write.endpoint.max_spent"),
    ],
)
def test_settings_without_effect_on_the_writer_are_told(
    chat: tuple[Chat, str],
    mined: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    address: str,
    settings: dict[str, Any],
    told: str,
) -> None:
    _, served = chat
    ours = {"model": "m", "cache": str(tmp_path / "answers")} if address == "{}" else {}
    endpoint = {**ours, **settings.get("endpoint", {})}
    wanted = WriteSettings(**{**settings, "endpoint": endpoint})
    with pytest.raises(InputError, match="no such model") if address == "none" else nullcontext():
        writer = served if address == "{}" else str(tmp_path / "none")
        WriteStage(mined=mined, writer=writer, write=wanted, seed=1).make(tmp_path / "long")
    shown = [line for line in capsys.readouterr().err.splitlines() if "without effect" in line]
    assert len(shown) == 1
    assert told in shown[0]


def test_a_key_that_is_sent_back_stands_in_no_file(
    chat: tuple[Chat, str],
    write: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    state, address = chat
    monkeypatch.setenv("GENTAP_API_KEY", "win the cup")
    with pytest.raises(InputError, match="names what stands nowhere"):
        write(address)
    folder = tmp_path / "long"
    assert state.asked == 8
    for file in (*folder.rglob("*.json*"), *(tmp_path / "answers").rglob("*.json")):
        assert "win the cup" not in file.read_text()
    assert "[API key]" in (own_files(folder) / "rejected.jsonl").read_text()
