"""Examples and their tables as the report's page holds them: texts and tables of any size, cut to
what a browser shows at once."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gentap.evaluation.results import Results
from gentap.records import HEADER_ROW, Example, Table
from gentap.runs.counting import counted
from gentap.text.normal_form import normal_form

LONGEST_TEXT = 2000
"""Characters of a question or an answer."""

LONGEST_CELL = 400
MOST_CELLS = 8000
MOST_COLUMNS = 200
MOST_CHARACTERS = 60_000_000
"""Of all examples together; those that come later are not listed."""

Places = Callable[[Iterable[tuple[int, int]]], list[list[int]]]


def listed_examples(
    systems: Sequence[Results],
    groupings: Sequence[Mapping[str, Any]],
    most_characters: int = MOST_CHARACTERS,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The examples as the page's script reads them, and the tables that they share."""
    tables = _Tables()
    shown: list[dict[str, Any]] = []
    scores = [system.scored.by_example() for system in systems]
    size = 0
    for place, example in enumerate(systems[0].examples):
        said = [system.predictions[place] for system in systems]
        entry = {
            **_texts(example, said),
            "scores": _by_metric([of_system[place] for of_system in scores]),
            "groups": {grouping["name"]: grouping["of"][place] for grouping in groupings},
        }
        entry["table"], cells = tables.add(example)
        entry["cells"] = cells((cell.row, cell.column) for cell in example.cells)
        if example.kind == "cell":
            entry["answer"] = cells(_holders(example.table, example.references))
            entry["picked"] = cells(_holders(example.table, said))
        size += len(json.dumps(entry, ensure_ascii=False))
        if size + tables.characters > most_characters and shown:
            break
        shown.append(entry)
    return shown, tables.listed


def _texts(example: Example, said: Sequence[str]) -> dict[str, Any]:
    texts: dict[str, Any] = {
        "id": example.id,
        "kind": example.kind,
        "question": example.question[:LONGEST_TEXT],
        "references": [text[:LONGEST_TEXT] for text in example.references],
        "said": [text[:LONGEST_TEXT] for text in said],
    }
    if any(len(text) > LONGEST_TEXT for text in said):
        texts["cut"] = [len(text) if len(text) > LONGEST_TEXT else 0 for text in said]
    return texts


def _by_metric(scores: Sequence[Mapping[str, float]]) -> dict[str, list[float | None]]:
    """By metric each system's score of one example."""
    names = dict.fromkeys(name for system in scores for name in system)
    return {name: [system.get(name) for system in scores] for name in names}


def _holders(table: Table, values: Iterable[str]) -> list[tuple[int, int]]:
    """The cells whose value is one of these."""
    wanted = {normal_form(value[:LONGEST_TEXT]) for value in values} - {""}
    return [
        (row, column)
        for row, cells in enumerate(table.rows)
        for column, cell in enumerate(cells)
        if normal_form(cell) in wanted
    ]


@dataclass(slots=True)
class _Tables:
    """Each table once; of one with too many cells the first rows and those that hold evidence."""

    listed: list[dict[str, Any]] = field(default_factory=list)
    characters: int = 0
    _known: dict[tuple[Table, frozenset[int]], tuple[int, dict[int, int]]] = field(
        default_factory=dict
    )

    def add(self, example: Example) -> tuple[int, Places]:
        """The place of an example's table in the list, and where there the table's cells are."""
        table = example.table
        width = min(len(table.header), MOST_COLUMNS)
        room = max(1, MOST_CELLS // max(1, width))
        evidence = frozenset(cell.row for cell in example.cells if cell.row >= room)
        key = (table, evidence)
        if key not in self._known:
            rows = [*range(min(room, len(table.rows))), *sorted(evidence)]
            self._known[key] = (len(self.listed), {row: place for place, row in enumerate(rows)})
            self.listed.append(_table(table, rows, width))
            self.characters += len(json.dumps(self.listed[-1], ensure_ascii=False))
        place, rows_at = self._known[key]

        def places(cells: Iterable[tuple[int, int]]) -> list[list[int]]:
            at = {HEADER_ROW: HEADER_ROW, **rows_at}
            return [[at[row], column] for row, column in cells if row in at and column < width]

        return place, places


def _table(table: Table, rows: list[int], width: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        "title": _cut(table.title),
        "section": _cut(table.section),
        "caption": _cut(table.caption),
        "header": [_cut(text) for text in table.header[:width]],
        "rows": [[_cut(text) for text in table.rows[row][:width]] for row in rows],
    }
    left = []
    if len(rows) < len(table.rows):
        data["places"] = rows
        left.append(f"{len(table.rows) - len(rows):,} of {counted(len(table.rows), 'row')}")
    if width < len(table.header):
        left.append(f"{len(table.header) - width:,} of {counted(len(table.header), 'column')}")
    if left:
        data["left"] = f"Not shown here: {' and '.join(left)}."
    return data


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
