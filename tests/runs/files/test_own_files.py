"""Files that stages wrote and somebody edited since: each is refused by name, with what to do."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gentap.errors import FolderError, InputError
from gentap.records import (
    EXAMPLE_SCHEMA,
    HEADER_ROW,
    MINED_SCHEMA,
    Cell,
    Example,
    Table,
    example_from_row,
    example_to_row,
)
from gentap.runs.files.own_files import map_array, read_json, read_json_lines, read_toml
from gentap.runs.files.parquet_parts import read_rows, readable, require_columns
from gentap.runs.finished_stage import read_finished_stage
from gentap.runs.store import StageFolder, is_done, open_stage


@dataclass(frozen=True, slots=True)
class Counted:
    name: str
    count: int = 0
    shares: tuple[float, float] = (0.0, 1.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not a readable JSON file"),
        ("[]", "object"),
        ("null", "object"),
        ("{}", "name: Field required"),
        ('{"name": 1}', "name: Input should be a valid string"),
        ('{"name": null}', "name: Input should be a valid string"),
        ('{"name": "x", "count": true}', "count: Input should be a valid integer"),
        ('{"name": "x", "count": "1"}', "count: Input should be a valid integer"),
        ('{"name": "x", "count": 1.5}', "count: Input should be a valid integer"),
        ('{"name": "x", "shares": [1]}', "shares"),
        ('{"name": "x", "count": ' + "1" * 5000 + "}", "json"),
        ("[" * 200_000, "not a readable JSON file"),
        ('{"name": "\\ud800"}', "not a readable JSON file"),
    ],
)
def test_json_of_another_kind_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "own.json"
    file.write_text(text)
    with pytest.raises(InputError, match=r"own\.json: ") as raised:
        read_json(file, Counted)
    assert told.lower() in str(raised.value).lower()
    assert str(raised.value).endswith(
        "Restore the file as GenTaP wrote it, or make its folder anew."
    )
    assert len(str(raised.value)) < 400


def test_json_of_the_right_kind_is_read_and_further_names_are_let_be(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text('{"name": "x", "count": 3, "shares": [0, 0.5], "more": null}')
    assert read_json(file, Counted) == Counted("x", 3, (0.0, 0.5))
    file.write_text('{"name": "x"}\n\n{"name": "y"}\n')
    assert read_json_lines(file, Counted) == [Counted("x"), Counted("y")]
    file.write_text('{"name": "x"}\n{"nam": "y"}\n')
    with pytest.raises(InputError, match=r"own\.json, line 2: name: Field required"):
        read_json_lines(file, Counted)


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "dangling", "device"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "own.json"
    {
        "folder": file.mkdir,
        "pipe": lambda: os.mkfifo(file),
        "loop": lambda: file.symlink_to(file.name),
        "dangling": lambda: file.symlink_to("nowhere"),
        "device": lambda: file.symlink_to("/dev/zero"),
    }[kind]()
    with pytest.raises(InputError, match=r"own\.json: (not a file|no such file|can't be read)"):
        read_json(file)
    with pytest.raises(InputError, match=r"own\.json: "), readable(file):
        pq.ParquetFile(file)


@pytest.mark.parametrize(
    "text", ["[", "= 1", "a = " + "[" * 5000, "a = " + "1" * 5000, "a = 1", "a = [{}]", "\udcff"]
)
def test_toml_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(InputError, match=r"recipe\.toml: "):
        read_toml(file, dict[str, dict[str, Any]])


def no_permission(self: Path, *_: object, **__: object) -> bytes:
    raise PermissionError(13, "Permission denied", str(self))


def test_where_a_permission_is_missing_nobody_is_told_to_make_anything_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.json"
    file.write_text("{}")
    monkeypatch.setattr(Path, "open", no_permission)
    with pytest.raises(InputError, match=r"Permission denied\. See that you may read it\.$"):
        read_json(file)
    told = pytest.raises(InputError, match=r"Permission denied\. See that you may read it\.$")
    with told, readable(file):
        no_permission(file)


MARKERS = ["", "{", "[]", "{}", '{"stage": 1, "fingerprint": "x"}', '{"stage": "mine"}', "null"]


@pytest.mark.parametrize("content", MARKERS)
@pytest.mark.parametrize("name", ["done.json", "unfinished.json"])
def test_work_whose_marker_can_not_be_read_is_only_replaced_on_request(
    tmp_path: Path, name: str, content: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "part-00000.parquet").write_text("dear")
    (folder / name).write_text(content)
    told = pytest.raises((FolderError, InputError), match=rf"{name}: ")
    with told, open_stage(folder, "mine", {}, []):
        pass
    assert (folder / "part-00000.parquet").read_text() == "dear"
    with open_stage(folder, "mine", {}, [], overwrite=True) as opened:
        assert opened is not None
        opened.finish({})
    assert is_done(folder, opened.fingerprint)
    assert not (folder / "part-00000.parquet").exists()


def test_a_finished_stage_tells_its_name_settings_and_counts(tmp_path: Path) -> None:
    settings = {"data": ["a.jsonl"], "none": None}
    StageFolder(tmp_path, "mine", "f", settings, resumed=False).finish({"counts": {"pages": 3}})
    found = read_finished_stage(tmp_path)
    assert (found.name, found.settings["data"], found.stats["counts"]) == (
        "mine",
        ["a.jsonl"],
        {"pages": 3},
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("stats.json", '{"counts": []}'),
        ("stats.json", '{"counts": {"pages": "3"}}'),
        ("stats.json", '{"rejected": {"x": null}}'),
        ("stats.json", '{"last_loss": "low"}'),
        ("stats.json", "[]"),
        ("recipe.toml", "mine = 1"),
        ("recipe.toml", "[mine]\ndata = 1"),
        ("recipe.toml", "[mine]\nexclude = [1]"),
        ("recipe.toml", "[mine]\ncheckpoint = []"),
        ("recipe.toml", "[[mine]]"),
    ],
)
def test_a_finished_stage_that_was_edited_is_refused(
    tmp_path: Path, name: str, content: str
) -> None:
    StageFolder(tmp_path, "mine", "f", {"data": ["x"]}, resumed=False).finish({})
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=name):
        read_finished_stage(tmp_path)


def mined_row(**changes: Any) -> dict[str, Any]:
    row = {"id": "1", "sentence": "In 2005 Dusk.", "url": "u", "title": "", "section": ""}
    row |= {"caption": "", "header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}
    row |= {"row": 1, "cells": [{"row": 1, "column": 0, "start": 3, "end": 7}]}
    row |= {"further": [], "heading": "", "pronoun": False, "probability": 0.5}
    return {**row, **changes}


def cell(**changes: int) -> list[dict[str, int]]:
    return [{"row": 1, "column": 0, "start": 3, "end": 7, **changes}]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sentence": None}, "the column sentence holds a null"),
        ({"header": ["Year", None]}, "the column header holds a null"),
        ({"rows": [["2004", None], ["2005", "Dusk"]]}, "the column rows holds a null"),
        ({"rows": [None, ["2005", "Dusk"]]}, "the column rows holds a null"),
        ({"cells": [None]}, "the column cells holds a null"),
        ({"rows": [["2004"], ["2005", "Dusk"]]}, "row 2: a row of its table has not as many cells"),
        ({"header": []}, "row 2: a row of its table has not as many cells"),
        ({"row": 2}, "row 2: its table has no such row"),
        ({"row": -1}, "row 2: its table has no such row"),
        ({"rows": []}, "row 2: its table has no such row"),
        ({"further": [0, 2]}, "row 2: its table has no such row"),
        ({"further": [-1]}, "row 2: its table has no such row"),
        ({"cells": cell(row=2)}, "row 2: its table has no such cell"),
        ({"cells": cell(row=-1)}, "row 2: its table has no such cell"),
        ({"cells": cell(column=-1)}, "row 2: its table has no such cell"),
        ({"cells": cell(end=99)}, "row 2: its sentence has no such characters"),
        ({"cells": cell(start=9)}, "row 2: its sentence has no such characters"),
    ],
)
def test_rows_that_do_not_fit_together_are_told_with_their_number(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    part = tmp_path / "part-00000.parquet"
    rows = [mined_row(), mined_row(**changes), mined_row()]
    pq.write_table(pa.Table.from_pylist(rows, MINED_SCHEMA), part)
    with pytest.raises(InputError, match=r"part-00000\.parquet") as raised:
        list(read_rows([part], schema=MINED_SCHEMA))
    assert told in str(raised.value)


@pytest.mark.parametrize("size", [1, 256, 700])
def test_rows_that_fit_together_are_read_as_they_are(tmp_path: Path, size: int) -> None:
    part = tmp_path / "part-00000.parquet"
    rows = [mined_row(id=str(number), sentence="In 2005 Düsk.") for number in range(size)]
    rows[0] |= {"cells": [], "further": [0], "header": ["A"], "rows": [["x"], ["y"]]}
    pq.write_table(pa.Table.from_pylist(rows, MINED_SCHEMA), part, row_group_size=300)
    assert list(read_rows([part], schema=MINED_SCHEMA)) == rows


@pytest.mark.parametrize("name", EXAMPLE_SCHEMA.names)
@pytest.mark.parametrize("kind", [pa.int64(), pa.list_(pa.string()), pa.null(), pa.binary()])
def test_columns_of_other_types_are_told_before_any_work(
    tmp_path: Path, name: str, kind: Any
) -> None:
    part = tmp_path / "part-00000.parquet"
    table = EXAMPLE_SCHEMA.empty_table()
    place = table.column_names.index(name)
    if table.schema.field(name).type == kind:
        pytest.skip("that is its own type")
    pq.write_table(table.set_column(place, name, pa.array([], kind)), part)
    with pytest.raises(InputError, match=rf"the column {name} holds "):
        require_columns([part], EXAMPLE_SCHEMA)


def test_columns_as_other_programs_widen_them_are_taken(tmp_path: Path) -> None:
    part = tmp_path / "part-00000.parquet"
    wide = pa.schema(
        [
            field.with_type(pa.large_string()) if pa.types.is_string(field.type) else field
            for field in MINED_SCHEMA
        ]
    )
    wide = wide.set(wide.get_field_index("row"), pa.field("row", pa.int64()))
    pq.write_table(pa.Table.from_pylist([mined_row()], wide), part)
    require_columns([part], MINED_SCHEMA)
    assert list(read_rows([part], schema=MINED_SCHEMA)) == [mined_row()]


def test_texts_that_are_no_utf8_are_told(tmp_path: Path) -> None:
    part = tmp_path / "part-00000.parquet"
    table = pa.Table.from_pylist([mined_row()], MINED_SCHEMA)
    buffers = [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    bad = pa.Array.from_buffers(pa.string(), 1, buffers)
    pq.write_table(table.set_column(2, "url", bad), part)
    with pytest.raises(InputError, match=r"part-00000\.parquet"):
        list(read_rows([part], schema=MINED_SCHEMA))


NUMBERS = np.dtype([("key", "<u8"), ("row", "<u4")])


def test_an_array_is_mapped_as_it_was_saved(tmp_path: Path) -> None:
    for count in (0, 3):
        array = np.zeros(count, NUMBERS)
        array["row"] = range(count)
        np.save(tmp_path / "keys.npy", array)
        assert map_array(tmp_path / "keys.npy", NUMBERS).tolist() == array.tolist()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:20]),
        lambda path: path.write_bytes(b"PK\x03\x04 a zip file"),
        lambda path: np.save(path, np.zeros(3, "<u4")),
        lambda path: np.save(path, np.zeros((3, 1), NUMBERS)),
        lambda path: np.save(path, np.array([{}], dtype=object), allow_pickle=True),
        lambda path: path.write_bytes(
            path.read_bytes().replace(b"'shape': (3,)", b"'shape': (9e9")
        ),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: path.unlink(),
    ],
)
def test_an_array_that_was_edited_is_refused(tmp_path: Path, spoil: Any) -> None:
    path = tmp_path / "keys.npy"
    np.save(path, np.zeros(3, NUMBERS))
    spoil(path)
    with pytest.raises(InputError, match=r"keys\.npy: ") as raised:
        map_array(path, NUMBERS)
    assert str(raised.value).endswith("or make its folder anew.")


@pytest.mark.parametrize("row", [-2, -1, 1, 2])
def test_a_question_s_evidence_may_be_a_heading(tmp_path: Path, row: int) -> None:
    part = tmp_path / "part-00000.parquet"
    table = Table(header=("Year", "Film"), rows=(("2004", "Dawn"), ("2005", "Dusk")))
    made: dict[str, Any] = {"id": "1", "kind": "long", "origin": "annotated", "source": "t.jsonl:1"}
    made |= {"question": "Which?", "answer": "Dusk.", "table": table, "cells": (Cell(row, 1),)}
    example = Example(**made)
    pq.write_table(pa.Table.from_pylist([example_to_row(example)], EXAMPLE_SCHEMA), part)
    if row in (HEADER_ROW, 1):
        assert example_from_row(next(iter(read_rows([part], schema=EXAMPLE_SCHEMA)))) == example
    else:
        with pytest.raises(InputError, match="row 1: its table has no such cell"):
            list(read_rows([part], schema=EXAMPLE_SCHEMA))
