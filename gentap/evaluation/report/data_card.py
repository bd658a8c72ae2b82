"""A data card in the hub's format: what a corpus holds, what it was made of, and how.

Its front matter names the Parquet files of each part of the folder, so that, as ``README.md`` in
the folder, it tells ``datasets.load_dataset`` what to read.
"""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gentap import __version__
from gentap.errors import InputError
from gentap.evaluation.report.score_tables import markdown
from gentap.evaluation.report.stage_facts import (
    CARD_MARK,
    counts_text,
    finished_stages,
    language_of,
    overlap_text,
    settings_text,
)
from gentap.runs.counting import counted
from gentap.runs.files.parquet_parts import parts
from gentap.runs.finished_stage import read_finished_stage
from gentap.runs.store import is_done

CORPUS_PARTS = {
    "mine": ("sentences", "tables", "documents"),
    "write": (".",),
    "sample": (".",),
}
"""The stages that make a corpus, and where below their folders its Parquet files are."""

_WHAT = {
    "sentences": "sentences that name at least two cells of a table row, each with its table",
    "tables": "tables as they stand on their pages",
    "documents": "the prose of the pages",
    "write": "questions that are answered in a sentence, with the table and the cells it names",
    "sample": "questions that are answered with one cell's value, or in a sentence, with the table "
    "and the cells",
}
_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
)


def is_corpus(folder: Path) -> bool:
    """Whether it is the finished folder of a stage that makes a corpus."""
    return is_done(folder) and read_finished_stage(folder).name in CORPUS_PARTS


def data_card(
    folder: Path, sources: Sequence[Path], *, name: str, license_: str, language: str = ""
) -> str:
    """The card of a corpus; ``sources`` are output folders that it was made from.

    Raises InputError where the folder holds no corpus.
    """
    if not is_corpus(folder):
        raise InputError(
            f"{folder}: holds no corpus. Give a folder of `gentap mine`, `gentap questions write` "
            "or `gentap sample`."
        )
    stages = finished_stages([folder, *sources])
    held = {part: parts(folder / part) for part in CORPUS_PARTS[stages[-1].name]}
    sizes = {part: _rows(files) for part, files in held.items() if files}
    text = [
        f"---\n{_front_matter(sizes, name, license_, language_of(stages, language))}---\n",
        f"# {name}\n",
    ]
    text.append(
        f"This corpus was {CARD_MARK} {__version__} from tables and prose of web documents.\n"
    )
    for part, files in held.items():
        what = _WHAT[stages[-1].name if part == "." else part]
        text.append(f"## {what[0].upper()}{what[1:]}\n")
        text.append(f"{_call(part, sizes)}\n")
        if files:
            text.append(f"{counted(sizes[part], 'row')}.\n\n{_columns(files[0])}")
    text += [counts_text(stages), overlap_text(stages), settings_text(stages)]
    return "\n".join(text)


def _front_matter(sizes: dict[str, int], name: str, license_: str, language: str) -> str:
    import yaml

    bounds = [bound for bound, _ in _SIZES]
    largest = max(sizes.values(), default=0)
    size = [*(label for _, label in _SIZES), "n>10M"][bisect_right(bounds, largest)]
    front: dict[str, Any] = {
        "language": [language],
        **({"license": license_} if license_ else {}),
        "pretty_name": name,
        "task_categories": ["table-question-answering"],
        "tags": ["gentap", "table-to-text", "synthetic"],
        "size_categories": [size],
        "configs": [
            {
                "config_name": _configuration(part),
                "data_files": [{"split": "train", "path": _pattern(part)}],
                **({"default": True} if part == "sentences" else {}),
            }
            for part in sizes
        ],
    }
    return str(yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=10_000))


def _configuration(part: str) -> str:
    return "default" if part == "." else part


def _pattern(part: str) -> str:
    return "part-*.parquet" if part == "." else f"{part}/part-*.parquet"


def _call(part: str, sizes: dict[str, int]) -> str:
    name = "" if part == "." or len(sizes) < 2 else f', "{part}"'
    return f'```python\ndatasets.load_dataset("FOLDER"{name}, split="train")\n```'


def _rows(files: Sequence[Path]) -> int:
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(file).num_rows for file in files)


def _columns(file: Path) -> str:
    import pyarrow.parquet as pq

    lines = [["column", "type"]]
    lines += [[field.name, f"`{field.type}`"] for field in pq.read_schema(file)]
    return markdown(lines)
