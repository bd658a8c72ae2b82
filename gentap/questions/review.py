"""Samples of what was written, for people: in the terminal and as a page of its own."""

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gentap.errors import InputError, SettingError
from gentap.questions.write import QUESTION_SCHEMA, QUESTIONS, remedy
from gentap.records import Row, digest
from gentap.runs.console import Style, printable_line, show
from gentap.runs.counting import counted
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.page_style import page_head
from gentap.runs.store import REJECTED, own_files, require_stage
from gentap.text.word_overlap import find_value

_MADE_BY = "gentap questions review"
REVIEW_MARK = f'<meta name="generator" content="{_MADE_BY}">'
"""What tells a page of ours, which may be replaced, from others."""

ONLY = ("all", "kept", "lost")
_MAY_LACK = ("score", "margin", "reply", "value")


@dataclass(frozen=True, slots=True)
class ReviewSample:
    """A mined sentence and all questions that were written for it, the kept one first."""

    sentence: str
    title: str
    section: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    questions: tuple[Row, ...]


def sample_sentences(written: Path, count: int, seed: int, only: str = "all") -> list[ReviewSample]:
    """``count`` sentences drawn by seed and id from a folder of ``questions write``.

    ``only``: from all of them, from those that ``kept`` a question, or those that ``lost`` all.

    Raises InputError where the folder holds no questions, SettingError for an unknown ``only``.
    """
    if only not in ONLY:
        raise SettingError(f"--only {only}: give one of {', '.join(ONLY)}.")
    files = parts(written / QUESTIONS)
    if not files:  # where none passed the folder is unfinished, and yet to be looked at
        require_stage(written, "questions write", "its questions are shown")
        raise InputError(
            f"{written}: holds no questions; it was not made by `questions write`, or nothing "
            f"could be written: see {own_files(written) / REJECTED}."
        )
    columns = ["mined", "kept"]
    kept: dict[str, bool] = {}
    for row in read_rows(files, columns, schema=QUESTION_SCHEMA):
        kept[row["mined"]] = kept.get(row["mined"], False) or row["kept"]
    wanted = [name for name in kept if only == "all" or kept[name] == (only == "kept")]
    wanted.sort(key=lambda name: digest("review", str(seed), name))
    chosen: dict[str, list[Row]] = {name: [] for name in wanted[:count]}
    for row in read_rows(files, schema=QUESTION_SCHEMA, nullable=_MAY_LACK):
        if row["mined"] in chosen:
            chosen[row["mined"]].append(row)
    return [_sample(rows) for rows in chosen.values()]


def review_counts(written: Path) -> list[str]:
    """How many sentences kept a question, which filters the others fail, and, where none was kept,
    what to do."""
    kept: dict[str, bool] = {}
    failed: Counter[str] = Counter()
    endpoint = False
    columns = ["mined", "kept", "failed", "settings"]
    for row in read_rows(parts(written / QUESTIONS), columns, schema=QUESTION_SCHEMA):
        kept[row["mined"]] = kept.get(row["mined"], False) or row["kept"]
        failed.update(row["failed"])
        endpoint = '"backend"' not in row["settings"]
    lines = [f"{sum(kept.values()):,} of {counted(len(kept), 'sentence')} kept a question."]
    if failed:
        reasons = ", ".join(f"{name}: {count:,}" for name, count in failed.most_common())
        lines.append(f"Filters that questions fail: {reasons}.")
    if not any(kept.values()):
        lines.append(f"Nothing passed. {remedy(endpoint)}, or loosen write.filters.")
    return lines


def _sample(rows: Sequence[Row]) -> ReviewSample:
    first = rows[0]
    return ReviewSample(
        sentence=first["sentence"],
        title=first["title"],
        section=first["section"],
        header=tuple(first["header"]),
        rows=tuple(map(tuple, first["rows"])),
        questions=tuple(sorted(rows, key=lambda row: not row["kept"])),
    )


def verdict(question: Row) -> str:
    """One line on a question: kept, passed over, or the filters that it fails."""
    if question["kept"]:
        return "kept"
    return ", ".join(question["failed"]) or "passes, but another is better"


def _figures(question: Row) -> str:
    asked = next((entry["text"] for entry in question["entries"]), "")
    figures = [f"asks for: {asked}"]
    for name in ("score", "margin"):
        if question[name] is not None:
            figures.append(f"{name} {question[name]:.2f}")
    if question["reply"] is not None:
        figures.append(f"round trip: {question['reply']} | {question['value']}")
    return " · ".join(figures)


def print_samples(samples: Sequence[ReviewSample]) -> None:
    """Show samples in the terminal."""
    for number, sample in enumerate(samples, start=1):
        show(f"{number}. {printable_line(sample.sentence)}", "bold")
        place = " › ".join(filter(None, (sample.title, sample.section)))
        show(f"   {printable_line(place)}", "dim")
        for row in sample.rows:
            cells = (
                f"{printable_line(name)}: {printable_line(value)}"
                for name, value in zip(sample.header, row, strict=True)
            )
            show("   " + " | ".join(cells))
        for question in sample.questions:
            style: Style = "green" if question["kept"] else "red" if question["failed"] else ""
            show(f"   - {printable_line(question['question'])}", style)
            show(f"     {printable_line(f'{verdict(question)} ({_figures(question)})')}")
        show()


_STYLE = """
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
article{border-top:1px solid var(--line);padding:1rem 0}
table{border-collapse:collapse;margin:.5rem 0;display:block;overflow-x:auto;font-size:.9em}
th,td{border:1px solid var(--line);padding:.2rem .5rem;text-align:left}
mark{background:var(--evidence);color:var(--text)}
.place,small{color:var(--soft)}
li{margin:.3rem 0}
.kept{color:var(--answer-line);font-weight:600}.failed{color:var(--missing-line)}
"""


def render_page(samples: Sequence[ReviewSample], name: str) -> str:
    """Samples as one HTML page that loads nothing from elsewhere."""
    shown = "\n".join(_article(number, sample) for number, sample in enumerate(samples, start=1))
    kept = sum(any(question["kept"] for question in sample.questions) for sample in samples)
    title = f"Questions of {name}"
    return (
        f"{page_head(title, _STYLE, by=_MADE_BY)}<body>\n"
        f"<h1>{html.escape(title)}</h1>\n<p>{counted(len(samples), 'sentence')} drawn; {kept} of "
        "them kept a question. Marked in the rows: what the sentence names.</p>\n"
        f"{shown}\n</body></html>\n"
    )


def _article(number: int, sample: ReviewSample) -> str:
    place = " › ".join(filter(None, (sample.title, sample.section)))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in sample.header)
    rows = "".join(
        f"<tr>{''.join(f'<td>{_marked(value, sample.sentence)}</td>' for value in row)}</tr>"
        for row in sample.rows
    )
    return (
        f"<article><h2>{number}. {html.escape(sample.sentence)}</h2>"
        f'<p class="place">{html.escape(place)}</p>'
        f"<table><tr>{head}</tr>{rows}</table>"
        f"<ul>{''.join(_items(sample.questions))}</ul></article>"
    )


def _marked(value: str, sentence: str) -> str:
    shown = html.escape(value)
    return f"<mark>{shown}</mark>" if find_value(sentence, value) else shown


def _items(questions: Sequence[dict[str, Any]]) -> Iterator[str]:
    for question in questions:
        kind = "kept" if question["kept"] else "failed" if question["failed"] else "passed"
        yield (
            f'<li><span class="{kind}">{html.escape(question["question"])}</span><br>'
            f"<small>{html.escape(verdict(question))} · {html.escape(_figures(question))}</small>"
            "</li>"
        )
