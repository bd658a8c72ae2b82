"""What an output folder holds, for people: records of a corpus, what a model was made with."""

import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from gentap.errors import InputError, SettingError
from gentap.records import Row, digest
from gentap.runs.console import printable_line, show
from gentap.runs.counting import counted
from gentap.runs.files.missing_paths import no_such
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.files.user_texts import read_user_text
from gentap.runs.finished_stage import FinishedStage, read_finished_stage
from gentap.runs.store import is_done

_ROWS_SHOWN = 6
_OF_KIND, _KINDS_SHOWN = "examples of kind ", 6
_WORDS_SHOWN = 60
_KEPT = ("sentences", "tables", "documents", ".", "pairs/train")
"""Where records are below a folder; the first that is there is shown."""


def show_folder(
    folder: Path,
    *,
    limit: int,
    seed: int | None = None,
    part: str = "",
    kind: str = "",
    containing: str = "",
    as_json: bool = False,
) -> None:
    """Print ``limit`` records of a corpus' folder, or what a model's folder says of itself.

    The first records, or, with a ``seed``, some drawn from all; of a ``kind`` (``long``, ``cell``)
    or origin, ``containing`` a text anywhere. Raises InputError where the folder
    holds neither, SettingError for a part that it does not hold.
    """
    if not folder.exists():
        raise InputError(no_such(folder, "folder"))
    held = {name: files for name in _KEPT if (files := parts(folder / name))}
    if not held and not is_done(folder):
        raise InputError(f"{folder}: neither an output folder of GenTaP nor one of Parquet parts.")
    if part and part not in held:
        known = [name for name in held if name != "."]
        near = get_close_matches(part, known, n=1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise SettingError(
            f"{folder}: has no part '{part}'.{meant} Its parts: {', '.join(known) or 'none'}."
        )
    stage = read_finished_stage(folder) if is_done(folder) else None
    if stage is not None and not as_json:
        _show_stage(stage)
    name = part or next(iter(held), "")
    if not name:
        _show_report(folder)
        return
    rows = (
        row
        for row in read_rows(held[name])
        if (not kind or kind in (row.get("kind"), row.get("origin")))
        and (not containing or containing.casefold() in json.dumps(row, default=str).casefold())
    )
    chosen = list(_drawn(rows, limit, seed))
    for row in chosen:
        show(json.dumps(row, ensure_ascii=False, default=str)) if as_json else _show_row(row)
    if not chosen:
        wanted = [f"of kind or origin '{kind}'"] if kind else []
        wanted += [f"containing '{containing}'"] if containing else []
        raise InputError(f"{folder}: holds no record {' and '.join(wanted)}".rstrip() + ".")


def _drawn(rows: Iterator[Row], limit: int, seed: int | None) -> Iterator[Row]:
    """The first ones, or those whose numbers' digests are smallest, in their order."""
    if seed is None:
        for _, row in zip(range(limit), rows, strict=False):
            yield row
        return
    numbered = ((digest(str(seed), str(number)), number, row) for number, row in enumerate(rows))
    least = heapq.nsmallest(limit, numbered, key=lambda one: one[:2])
    for _, _, row in sorted(least, key=lambda one: one[1]):
        yield row


def _show_stage(stage: FinishedStage) -> None:
    counts: dict[str, Any] = {**stage.stats.get("counts", {}), **stage.stats.get("examples", {})}
    names = ("parameters", "steps", "last_loss", "best_dev_loss")
    counts |= {name.replace("_", " "): stage.stats[name] for name in names if name in stage.stats}
    kinds = [name for name in counts if name.startswith(_OF_KIND)]
    if len(kinds) > _KINDS_SHOWN:
        counts = {name: value for name, value in counts.items() if name not in kinds}
        counts["kinds of question"] = len(kinds)
    told = ", ".join(f"{name}: {_number(value)}" for name, value in counts.items() if value)
    show(f"{stage.folder}: made by {stage.name}" + (f" ({told})" if told else ""), "bold")
    aside = stage.stats.get("rejected", {})
    if aside:
        show(f"set aside: {', '.join(f'{name}: {count:,}' for name, count in aside.items())}")
    show()


def _show_report(folder: Path) -> None:
    """The scores of a report, or of several compared, and where the page is."""
    for name in ("compare.md", "report.md"):
        if (folder / name).is_file():
            show(read_user_text(folder / name, "report").rstrip("\n"))
            show(f"\nThe report is in {folder / 'report.html'}.")
            return


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _show_row(row: Row) -> None:
    shown = next((one for test, one in _SHOWN if test in row), _show_plain)
    shown(row)
    show()


def _show_example(row: Row) -> None:
    show(printable_line(row["question"]), "bold")
    show(f"→ {printable_line(row['answer'])}", "green")
    _show_table(row, {(cell["row"], cell["column"]) for cell in row["cells"]})
    show(f"{row['kind']}, {row['origin']}, {printable_line(row['source'])}", "dim")


def _show_mined(row: Row) -> None:
    show(printable_line(row["sentence"]), "bold")
    _show_table(row, {(cell["row"], cell["column"]) for cell in row["cells"]})
    show(f"row {row['row'] + 1}, probability {row['probability']:.2f}, {row['url']}", "dim")


def _show_document(row: Row) -> None:
    show(printable_line(row["title"]), "bold")
    words = " ".join(row["blocks"]).split()
    show(" ".join(words[:_WORDS_SHOWN]) + (" …" if len(words) > _WORDS_SHOWN else ""))
    show(printable_line(row["url"]), "dim")


def _show_bare_table(row: Row) -> None:
    _show_table(row, set())
    show(printable_line(row["url"]), "dim")


def _show_plain(row: Row) -> None:
    for name, value in row.items():
        show(f"{name}: {printable_line(str(value))}")


_SHOWN: Sequence[tuple[str, Callable[[Row], None]]] = (
    ("question", _show_example),
    ("sentence", _show_mined),
    ("blocks", _show_document),
    ("rows", _show_bare_table),
)
"""By a column that only such records have how they are shown."""


def _show_table(row: Row, marked: set[tuple[int, int]]) -> None:
    """Title, header and the rows that hold marked cells, in ``«»``; else the first rows."""
    place = " › ".join(filter(None, (row["title"], row["section"], row["caption"])))
    show(printable_line(place), "dim")
    wanted = sorted({number for number, _ in marked if number >= 0}) or range(len(row["rows"]))
    show("   " + " | ".join(map(printable_line, row["header"])))
    for number in list(wanted)[:_ROWS_SHOWN]:
        cells = (
            f"«{text}»" if (number, column) in marked else text
            for column, text in enumerate(map(printable_line, row["rows"][number]))
        )
        show(f"   {' | '.join(cells)}")
    hidden = len(row["rows"]) - min(len(wanted), _ROWS_SHOWN)
    if hidden:
        show(f"   … {counted(hidden, 'more row')}", "dim")
