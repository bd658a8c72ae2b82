"""The questions of held-out articles, written by the writer that was trained without them."""

import json
from pathlib import Path

from gentap.questions.writers.interface import Unwritten
from gentap.questions.writers.open_writer import open_local_writer
from gentap.records import PAIR_SCHEMA
from gentap.runs.files.output_files import write_text
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.settings.question_sections import WriteSettings
from gentap.settings.training_sections import WriterSettings

HELD_OUT = "held_out.jsonl"


def write_held_out(settings: WriterSettings, folder: Path, seed: int) -> list[dict[str, str]]:
    """Write the questions of ``pairs/dev``: id, origin, written, reference; empty where none is.

    They are listed in ``held_out.jsonl``.
    """
    rows = list(read_rows(parts(folder / "pairs" / "dev"), schema=PAIR_SCHEMA))
    if not rows:
        return []
    wanted = WriteSettings(beams=settings.dev_beams, candidates=1, precision=settings.precision)
    writer = open_local_writer(str(folder), wanted)
    inputs = [[(piece["mark"], piece["text"]) for piece in row["pieces"]] for row in rows]
    lines = [
        {
            "id": row["id"],
            "origin": row["origin"],
            "written": "" if isinstance(result, Unwritten) else result[0].question,
            "reference": row["target"],
        }
        for row, result in zip(rows, writer.write_pieces(inputs, seed), strict=True)
    ]
    shown = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    write_text(folder / HELD_OUT, shown)
    return lines
