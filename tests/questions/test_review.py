from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gentap.errors import InputError, SettingError
from gentap.questions.review import print_samples, render_page, sample_sentences
from gentap.questions.write import QUESTION_SCHEMA
from gentap.runs.store import StageFolder

ODD = "<script>alert(1)</script> & \x1b[31mred\x07"


def question(number: int, *, kept: bool, failed: list[str], **fields: Any) -> dict[str, Any]:
    return {
        "id": f"q{number}",
        "mined": f"m{number}",
        "question": f"Who won cup {number}? {ODD}",
        "kept": kept,
        "failed": failed,
        "score": -0.5,
        "margin": None,
        "reply": "Ada won." if kept else None,
        "value": "Ada" if kept else None,
        "writer": "w",
        "settings": "{}",
        "sentence": f"Ada won cup {number}.",
        "entries": [{"column": "Name", "text": "Ada"}],
        "title": "Cups",
        "section": ODD,
        "header": ["Name", ODD],
        "rows": [["Ada", ODD]],
        "source": "",
        **fields,
    }


@pytest.fixture
def written(tmp_path: Path) -> Path:
    rows = []
    for number in range(10):
        rows.append(question(number, kept=False, failed=["not one question"]))
        rows.append(question(number, kept=number % 2 == 0, failed=[] if number % 2 == 0 else ["x"]))
        rows.append(question(number, kept=False, failed=[], score=None))
    folder = tmp_path / "long"
    (folder / ".questions").mkdir(parents=True)
    table = pa.Table.from_pylist(rows, QUESTION_SCHEMA)
    pq.write_table(table, folder / ".questions" / "part-00000.parquet")
    StageFolder(folder, "write", "f", {}, resumed=False).finish({})
    return folder


def test_samples_are_drawn_by_seed(written: Path) -> None:
    once = sample_sentences(written, 4, 1)
    assert once == sample_sentences(written, 4, 1)
    assert len(once) == 4
    assert {sample.sentence for sample in sample_sentences(written, 99, 1)} == {
        f"Ada won cup {number}." for number in range(10)
    }
    assert [s.sentence for s in sample_sentences(written, 9, 2)] != [
        s.sentence for s in sample_sentences(written, 9, 1)
    ]
    for sample in once:
        assert len(sample.questions) == 3
        assert [row["kept"] for row in sample.questions][1:] == [False, False]


def test_only_those_asked_for_are_drawn(written: Path) -> None:
    kept, lost = sample_sentences(written, 99, 1, "kept"), sample_sentences(written, 99, 1, "lost")
    assert {sample.sentence[-2] for sample in kept} == set("02468")
    assert {sample.sentence[-2] for sample in lost} == set("13579")
    assert all(sample.questions[0]["kept"] for sample in kept)
    with pytest.raises(SettingError, match="--only some: give one of all, kept, lost"):
        sample_sentences(written, 1, 1, "some")


def test_the_terminal_shows_all_and_obeys_nothing(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_samples(sample_sentences(written, 2, 1, "kept"))
    shown = capsys.readouterr().out
    assert "\x1b[31m" not in shown
    assert "\x07" not in shown
    for text in ("1. Ada won cup", "Name: Ada", "kept", "not one question", "score -0.50"):
        assert text in shown
    assert "passes, but another is better" in shown
    assert "round trip: Ada won. | Ada" in shown


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_page_loads_nothing_and_escapes_everything(written: Path) -> None:
    samples = sample_sentences(written, 3, 1)
    page = Page()
    text = render_page(samples, f"runs/{ODD}")
    page.feed(text)
    assert page.tags.count("article") == 3
    assert page.tags.count("li") == 9
    assert "script" not in page.tags
    assert page.links == ["data:,"]  # an empty icon, so that no browser asks for one
    assert "default-src 'none'" in text
    assert "script-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text
    assert "<mark>Ada</mark>" in text


def test_a_folder_of_something_else(tmp_path: Path, written: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        sample_sentences(tmp_path / "none", 1, 1)
    other = tmp_path / "mined"
    other.mkdir()
    StageFolder(other, "mine", "f", {}, resumed=False).finish({})
    with pytest.raises(InputError, match="not made by `questions write`"):
        sample_sentences(other, 1, 1)


def nothing_passed(folder: Path, settings: str) -> Path:
    rows = [question(1, kept=False, failed=["too long", "says little"], settings=settings)]
    (folder / ".questions").mkdir(parents=True)
    table = pa.Table.from_pylist(rows, QUESTION_SCHEMA)
    pq.write_table(table, folder / ".questions" / "part-00000.parquet")
    return folder


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ('{"backend": "transformers"}', "Train the writer for longer"),
        ("{}", "write.endpoint.prompt"),
    ],
)
def test_where_nothing_passed_the_review_says_why_and_what_to_do(
    tmp_path: Path, settings: str, advice: str
) -> None:
    from typer.testing import CliRunner

    from gentap.cli import app

    folder = nothing_passed(tmp_path / "long", settings)
    for only in ("all", "kept"):
        done = CliRunner().invoke(app, ["questions", "review", str(folder), "--only", only])
        assert done.exit_code == 0, done.output
        assert ("1. Ada won cup 1." in done.output) is (only == "all")
        assert "0 of 1 sentence kept a question." in done.output
        assert "too long: 1, says little: 1" in done.output
        assert advice in done.output


def test_the_command_prints_and_writes_the_page(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from gentap.cli import app

    run: Callable[..., Any] = CliRunner().invoke
    page = tmp_path / "page.html"
    done = run(app, ["questions", "review", str(written), "-n", "2", "--html", str(page)])
    assert done.exit_code == 0, done.output
    assert page.read_text().count("<article>") == 2
    assert "2. Ada won" in done.output
    failed = run(app, ["questions", "review", str(tmp_path / "none")])
    assert failed.exit_code == 1
    assert failed.stderr.startswith("gentap: ")
