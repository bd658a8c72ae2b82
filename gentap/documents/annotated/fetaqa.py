"""FeTaQA as released (Nan et al. 2022): questions answered in sentences, evidence highlighted."""

import json
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import cells_of, field_text
from gentap.documents.json_text import json_text
from gentap.documents.jsonl import table_from_json
from gentap.records import Example, digest


def from_fetaqa(entry: dict[str, Any], path: Path, number: int) -> Example:
    """``table_array`` holds the header first; ``highlighted_cell_ids`` count it as row 0.

    Where cells of the header are highlighted, they are evidence too.

    Raises ValueError where an entry is not in that layout.
    """
    array = entry["table_array"]
    if not isinstance(array, list) or len(array) < 2:
        raise ValueError("'table_array' has no rows below its header")
    table = table_from_json(
        array[0],
        array[1:],
        title=json_text(entry.get("table_page_title")),
        section=json_text(entry.get("table_section_title")),
    )
    return Example(
        id=str(entry.get("feta_id", digest(json.dumps(entry, sort_keys=True)))),
        kind="long",
        origin="annotated",
        question=field_text(entry, "question"),
        answer=field_text(entry, "answer"),
        table=table,
        cells=cells_of(entry.get("highlighted_cell_ids") or [], table, above=1),
        source=str(entry.get("page_wikipedia_url") or path.name),
    )
