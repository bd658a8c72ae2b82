"""One small folder with an input of every kind and an output folder of every stage, all sound."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from causal_toys import save_causal_toy
from complaints import PAGE, TABLE, gentap, jsonl, write
from toys import TEXTS, toy_model, toy_t5

from gentap.model.loading.load import load_table_model
from gentap.model.tokenizer import load_tokenizer, train_vocabulary
from gentap.questions.write import QUESTION_SCHEMA
from gentap.records import EXAMPLE_SCHEMA
from gentap.runs.store import StageFolder
from gentap.settings.sections import AdapterSettings, LinearizerSettings

GRAMMAR = """question film =
    > select [column A] where [column B] is [value B]
    what is the [column A] when [column B] is [value B]?
"""
QUESTIONS = [
    {"id": "a", "question": "Which film is of 2004?", "answer": "Dawn is of 2004.", "table": TABLE},
    {"id": "b", "question": "Which is of 2005?", "answer": "Dusk was in 2005.", "table": TABLE},
]
SQUAD = {
    "data": [
        {
            "title": "Films",
            "paragraphs": [
                {
                    "context": f"In {year} she made Dusk {year} with her crew from the harbour.",
                    "qas": [
                        {
                            "id": f"q{year}",
                            "question": "When did she make Dusk?",
                            "answers": [{"text": str(year), "answer_start": 3}],
                        }
                    ],
                }
                for year in range(1990, 1996)
            ],
        }
    ]
}
RECIPE = """output = "out"
[mine]
inputs = ["pages"]
[base]
checkpoint = "base"
max_steps = 1
[writer]
data = ["squad.json"]
held_out = 0.0
max_steps = 1
[pretrain]
max_steps = 1
[finetune]
train = ["test.jsonl"]
max_steps = 1
[evaluate]
data = ["test.jsonl"]
beams = 1
max_answer_tokens = 4
"""
SHORT = ["--set", "max_steps=1", "--set", "precision=fp32"]
COMMANDS: dict[str, list[str]] = {
    "mine": ["mine", "pages", "pages.jsonl", "-o", "out", "--workers", "1"],
    "mine apart": ["mine", "pages", "-o", "out", "--workers", "1", "--exclude", "test.jsonl"],
    "sample": ["sample", "mined", "-g", "films.grammar", "-o", "out", "--workers", "1"],
    "sample files": ["sample", "films.csv", "-o", "out", "--workers", "1", "--base", "base"],
    "train": ["questions", "train", "squad.json", "--base", "base", "-o", "out", *SHORT],
    "write": ["questions", "write", "mined", "--writer", "writer", "-o", "out"],
    "review": ["questions", "review", "long", "--html", "page.html"],
    "check": ["grammar", "check", "films.grammar"],
    "draw": ["grammar", "draw", "films.grammar", "--table", "films.csv"],
    "base": ["base", "mined", "-o", "out", "--set", "vocabulary=90", *SHORT],
    "pretrain": [
        *["pretrain", "--base", "base", "--long", "long", "--cell", "cell", "-o", "out"],
        *SHORT,
    ],
    "finetune": ["finetune", "--model", "model", "--train", "test.jsonl", "-o", "out", *SHORT],
    "evaluate": [
        *["evaluate", "--model", "model", "--data", "test.jsonl", "-o", "out"],
        *["--set", "beams=1", "--set", "max_answer_tokens=4"],
    ],
    "score": ["score", "--predictions", "said.txt", "--data", "test.jsonl"],
    "score into": ["score", "--predictions", "said.txt", "--data", "test.jsonl", "-o", "out"],
    "compare": ["compare", "report", "other", "--json"],
    "compare into": ["compare", "report", "other", "-o", "out"],
    "card": ["card", "model", "--report", "report", "--from", "mined", "-o", "card.md"],
    "answer": ["answer", "--model", "model", "--table", "films.csv", "Which film is of 2004?"],
    "answer causal": ["answer", "--model", "causal", "--table", "films.csv", "Which film?"],
    "finetune causal": [
        "finetune",
        "--model",
        "causal",
        "--train",
        "qa.jsonl",
        "-o",
        "out",
        *SHORT,
    ],
    "export causal": ["export", "--model", "causal", "-o", "out", "--decoder", "cell"],
    "export corpus": ["export-corpus", "long", "cell", "-o", "records.jsonl"],
    "score sets": ["score", "--predictions", "said.txt", "--data", "sets/wtq.tsv"],
    "score more sets": [
        *["score", "--predictions", "one.txt", "--data", "sets/hitab.jsonl"],
        *["--data", "sets/totto.jsonl", "--data", "sets/e2e.csv", "--data", "sets/long.parquet"],
    ],
    "export": ["export", "--model", "model", "-o", "out"],
    "run": ["run", "recipe.toml"],
}
"""Every command on sound input; what it writes is ``out``, ``page.html`` or ``card.md``."""

INPUTS: dict[str, list[str]] = {
    "mine": ["pages", "pages.jsonl"],
    "mine apart": ["pages", "test.jsonl"],
    "sample": ["mined", "films.grammar"],
    "sample files": ["films.csv"],
    "train": ["squad.json"],
    "write": ["mined", "writer/writer.json", "writer/done.json"],
    "review": ["long"],
    "check": ["films.grammar"],
    "draw": ["films.grammar", "films.csv"],
    "base": ["mined"],
    "pretrain": ["long", "cell", "base/done.json"],
    "finetune": ["test.jsonl", "model/done.json"],
    "evaluate": ["test.jsonl", "model/done.json", "model/stats.json"],
    "score": ["said.txt", "test.jsonl"],
    "score into": ["said.txt", "test.jsonl"],
    "compare": ["report", "other"],
    "compare into": ["report", "other"],
    "card": ["report", "model/done.json", "model/stats.json", "model/recipe.toml", "mined"],
    "answer": ["films.csv"],
    "answer causal": ["films.csv", "causal/config.json", "causal/linearizer.json", "causal/long"],
    "finetune causal": ["qa.jsonl", "causal/cell", "causal/encoder"],
    "export causal": ["causal/config.json", "causal/cell", "causal/tokenizer_config.json"],
    "export corpus": ["long", "cell"],
    "score sets": ["sets/wtq.tsv", "sets/csv", "sets/page"],
    "score more sets": ["sets/hitab.jsonl", "sets/tables", "sets/totto.jsonl", "sets/e2e.csv"],
    "export": ["model/done.json"],
    "run": ["recipe.toml", "squad.json", "test.jsonl"],
}
"""What each of them reads, but for models, whose folders have tests of their own."""


def finish(folder: Path, stage: str, **stats: object) -> None:
    StageFolder(folder, stage, f"{stage}-1", {"checkpoint": ""}, resumed=False).finish(stats)


def build() -> None:
    """Fill the working folder."""
    write("pages/mara.html", PAGE)
    write("pages.jsonl", jsonl({"url": "u", "title": "Mara", "text": "One.", "tables": [TABLE]}))
    write("test.jsonl", jsonl(*QUESTIONS))
    write("films.csv", "Year,Film,City\n2004,Dawn,Oslo\n2005,Dusk,Rome\n2006,Noon,Bern\n")
    write("films.grammar", GRAMMAR)
    write("squad.json", json.dumps(SQUAD))
    write("recipe.toml", RECIPE)
    write("said.txt", "Dawn is of 2004.\nIt was Dusk.\n")
    write("other.txt", "It was Noon.\nDusk was in 2005.\n")
    sizes = LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40)
    tokenizer = train_vocabulary(TEXTS, 320, sizes)
    torch.manual_seed(0)
    toy_t5(len(tokenizer.hf)).save_pretrained("base")
    toy_t5(len(tokenizer.hf)).save_pretrained("writer")
    toy_model(len(tokenizer.hf)).save_pretrained("model")
    for name, stage in (("base", "base"), ("writer", "writer"), ("model", "finetune")):
        tokenizer.save(Path(name))
        history = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.5}]
        finish(Path(name), stage, parameters=9, steps=2, history=history)
    write("writer/writer.json", json.dumps({"max_entries": 8, "tags": False}))
    _write_long(Path("long"))
    _write_causal(Path("causal"))
    _write_sets()
    for made in (
        ["mine", "pages", "-o", "mined", "--workers", "1"],
        ["sample", "mined", "-g", "films.grammar", "-o", "cell", "--workers", "1"],
        ["score", "--predictions", "said.txt", "--data", "test.jsonl", "-o", "report"],
        ["score", "--predictions", "other.txt", "--data", "test.jsonl", "-o", "other"],
    ):
        result = gentap(*made)
        assert result.exit_code == 0, result.output


def _write_causal(folder: Path) -> None:
    """A model of two decoders on a decoder-only base."""
    base = str(save_causal_toy(Path("trunk")))
    sizes = LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40)
    tokenizer = load_tokenizer(base, sizes)
    adapters = AdapterSettings(rank=2, trunk="adapter")
    load_table_model(base, tokenizer=tokenizer, adapters=adapters).save_pretrained(folder)
    tokenizer.save(folder)


HITAB_TABLE = {
    "title": "Films",
    "texts": [["Year", "Film"], ["2004", "Dawn"]],
    "merged_regions": [{"first_row": 0, "last_row": 0, "first_column": 0, "last_column": 0}],
    "top_header_rows_num": 2,
    "left_root": {"children": [{"row_index": 1, "column_index": 0, "children": []}]},
}


def _write_sets() -> None:
    """Annotated sets in the layouts that they are released in."""
    write("qa.jsonl", jsonl(*QUESTIONS))
    write("one.txt", "Dawn is of 2004.\n" * 4)
    tsv = [["id", "utterance", "context", "targetValue"]]
    tsv += [[f"nt-{n}", "Which film?", "csv/1-csv/2.csv", "Dawn"] for n in range(2)]
    write("sets/wtq.tsv", "".join("\t".join(line) + "\n" for line in tsv))
    write("sets/csv/1-csv/2.csv", '"Year","Film"\n"2004","Dawn"\n')
    write("sets/page/1-page/2.json", '{"title": "Films"}')
    links = {"entity_link": {"[ANSWER]": {"0": {"(1, 1)": "Dawn"}}}}
    sample = {"id": "h", "table_id": "8", "question": "Which?", "sub_sentence": "Dawn is."}
    write("sets/hitab.jsonl", jsonl(sample | {"linked_cells": links}))
    write("sets/tables/raw/8.json", json.dumps(HITAB_TABLE))
    cells = [[{"value": "Year", "is_header": True}], [{"value": "2004", "row_span": 1}]]
    totto = {"table": cells, "highlighted_cells": [[1, 0]], "example_id": 7}
    said = [{"final_sentence": "It was 2004."}]
    write("sets/totto.jsonl", jsonl(totto | {"sentence_annotations": said}))
    write("sets/e2e.csv", "mr,ref\nname[Dawn],Dawn is a film.\n")
    shutil.copy("long/part-00000.parquet", "sets/long.parquet")


def _write_long(folder: Path) -> None:
    table = {"title": "Mara", "section": "", "caption": "", **TABLE}
    example = {"id": "m1", "kind": "long", "origin": "mined", "question": "Which film?"}
    example |= {"answer": "In 2005 she made Dusk.", **table, "source": "u", "alternatives": []}
    example |= {"cells": [{"row": 1, "column": 1}]}
    question = {"id": "m1", "mined": "m1", "question": "Which film?", "kept": True, "failed": []}
    question |= {"score": -0.5, "margin": None, "reply": None, "value": None, "writer": "w"}
    question |= {"settings": "{}", "sentence": "In 2005 she made Dusk.", "title": "Mara"}
    question |= {"entries": [{"column": "Film", "text": "Dusk"}], "section": "", "source": "u"}
    question |= {"header": TABLE["header"], "rows": [TABLE["rows"][1]]}
    (folder / ".questions").mkdir(parents=True)
    for schema, row, place in (
        (EXAMPLE_SCHEMA, example, folder),
        (QUESTION_SCHEMA, question, folder / ".questions"),
    ):
        pq.write_table(pa.Table.from_pylist([row] * 3, schema), place / "part-00000.parquet")
    finish(folder, "write", counts={"examples": 3}, rejected={})
