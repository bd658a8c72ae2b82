"""TabFact's entity links and Logic2Text as released, one JSON object of all tables each.

TabFact (Chen et al. 2020), ``full_cleaned.json``: a table's name, and its sentences, their labels,
tags and the page's title. What a sentence links is written as ``#text;row,column#``, where row 0 is
the header; sentences that are labelled as false are left out.

Logic2Text (Chen et al. 2020): a table's name, and its sentences, each with the numbers of the
columns that it speaks of, and the page's title. Linked are those values of these columns that stand
in one row alone and that the sentence names.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import read_text_file
from gentap.errors import InputError
from gentap.settings.question_sections import LinkedFields

_LINK = re.compile(r"#([^#;]*);(-?\d+),(-?\d+)#")
OF_COLUMNS = "columns"
"""The field of an entry that says in which columns its cells are looked for."""


def released_sentences(path: Path, fields: LinkedFields) -> Iterator[dict[str, Any]]:
    """The sentences of a file as entries by the map's names, tables by their names.

    Raises InputError where it is neither layout.
    """
    try:
        content = json.loads(read_text_file(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON: {error}.") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: neither TabFact's links nor Logic2Text: not a JSON object.")
    for name, found in content.items():
        try:
            title, entries = _sentences(found, fields)
        except (ValueError, TypeError, IndexError, KeyError) as error:
            raise InputError(
                f"{path}: neither TabFact's links nor Logic2Text at the table {name}: {error!r}."
            ) from error
        about = {fields.table: name, fields.title: "" if title == "none" else title}
        for entry in entries:
            yield {**about, **entry}


def _sentences(found: Sequence[Any], fields: LinkedFields) -> tuple[str, list[dict[str, Any]]]:
    """The page's title and the entries of a table's sentences."""
    if len(found) == 4 and all(isinstance(label, int) for label in found[1]):
        sentences, labels, _, title = found
        true = [text for text, label in zip(sentences, labels, strict=True) if label]
        links = map(_linked, true)
        return title, [{fields.sentence: text, fields.cells: cells} for text, cells in links]
    return found[0][2], [{fields.sentence: one[0], OF_COLUMNS: list(one[1])} for one in found]


def _linked(text: str) -> tuple[str, list[dict[str, int]]]:
    """A sentence without its marks, and the body cells that it links, with where it says them."""
    said: list[str] = []
    cells = []
    done = length = 0
    for link in _LINK.finditer(text):
        said += (text[done : link.start()], link[1])
        begin = length + link.start() - done
        length = begin + len(link[1])
        done = link.end()
        row, column = int(link[2]), int(link[3])
        if row > 0 <= column and link[1]:
            cells.append({"row": row - 1, "column": column, "start": begin, "end": length})
    return "".join((*said, text[done:])), cells
