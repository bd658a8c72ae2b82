"""Sound files made bad, by a seeded generator."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ODD_VALUES: list[Any] = [
    *[None, True, -1, 0, 2**70, 1.5, float("nan"), float("inf"), "", "x", "\x1b[31mred\x07"],
    *[
        "\udc80",
        "a\nb\rc",
        [],
        {},
        [[]],
        [None],
        {"": None},
        ["x"] * 3,
        "<script>alert(1)</script>",
    ],
]
ODD_TEXTS = [
    *[b"", b"\x00" * 50, b"\xff\xfe\x00", b"{", b"[" * 100_000, b"null", b"[]", b'"x"', b"12"],
    *[b"9" * 5_000, b"x" * 2_000_000, b"\n" * 50_000, b"a = " + b"[" * 50_000, b"\xef\xbb\xbf"],
    b"\x1b[2J\x1b]0;owned\x07",
]


def odd_bytes(file: Path, chance: random.Random) -> None:
    """Cut it short, change bytes, or put something else in its place."""
    content = file.read_bytes()
    way = chance.randrange(4)
    if way == 0:
        content = content[: chance.randrange(len(content) + 1)]
    elif way == 1 and content:
        changed = bytearray(content)
        for _ in range(chance.choice([1, 3, 20])):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        content = bytes(changed)
    elif way == 2:
        place = chance.randrange(len(content) + 1)
        content = content[:place] + chance.choice(ODD_TEXTS) + content[place:]
    else:
        content = chance.choice(ODD_TEXTS)
    file.write_bytes(content)


def odd_kind(file: Path, chance: random.Random) -> None:
    """Put what is no file in its place."""
    file.unlink()
    kinds: list[Callable[[], object]] = [
        lambda: file.mkdir(),
        lambda: os.mkfifo(file),
        lambda: file.symlink_to("nowhere"),
        lambda: file.symlink_to(file.name),
        lambda: file.symlink_to("/dev/null"),
        lambda: None,
    ]
    chance.choice(kinds)()


def odd_json(file: Path, chance: random.Random) -> None:
    """Change, remove or add one value somewhere in it, or in one of its lines."""
    lines = file.read_text(encoding="utf-8").split("\n") if file.suffix == ".jsonl" else [""]
    place = chance.randrange(max(1, len(lines) - 1))
    content = json.loads(lines[place] or "{}" if file.suffix == ".jsonl" else file.read_text())
    changed = _changed(content, chance)
    text = json.dumps(changed, indent=None if file.suffix == ".jsonl" else 1)
    if chance.random() < 0.1:
        text = text.replace("1", "1" * 5_000, 1)
    if file.suffix == ".jsonl":
        lines[place] = text
        text = "\n".join(lines)
    file.write_text(text, encoding="utf-8")


def _changed(content: Any, chance: random.Random) -> Any:
    keys = list(content) if isinstance(content, dict) else range(len(content or ()))
    if not isinstance(content, dict | list) or not keys or chance.random() < 0.1:
        return chance.choice(ODD_VALUES)
    key = chance.choice(list(keys))
    way = chance.random()
    if way < 0.15:
        del content[key]
    elif way < 0.25 and isinstance(content, dict):
        content[chance.choice(["", "x", "\x1b[31m"])] = chance.choice(ODD_VALUES)
    elif isinstance(content[key], dict | list) and way < 0.8:
        content[key] = _changed(content[key], chance)
    else:
        content[key] = chance.choice(ODD_VALUES)
    return content


def odd_toml(file: Path, chance: random.Random) -> None:
    """Put another value, or another line, into it."""
    lines = file.read_text(encoding="utf-8").splitlines()
    odd = ["nan", "-1", "true", '"x"', "[]", "{}", "[[1]]", "1e400", "[" * 3_000 + "]" * 3_000]
    odd += ["9" * 5_000, '"\\u001b[31m"', "1979-05-27", "x", '""', "[1, 'a']", "99999"]
    place = chance.randrange(max(1, len(lines)))
    key = (lines[place] if lines else "").partition("=")[0]
    known = f"{key}= {chance.choice(odd)}"
    line = chance.choice([known, known, known, "nothing = 1", "[nowhere]", "[[mine]]", "= 3"])
    file.write_text("\n".join([*lines[:place], line, *lines[place + 1 :], ""]), encoding="utf-8")


def odd_parquet(file: Path, chance: random.Random) -> None:
    """Columns that are missing, of other types, or with other values."""
    table = pq.read_table(file)
    name = chance.choice(table.column_names)
    place = table.column_names.index(name)
    count = len(table)
    kinds: list[tuple[Any, Any]] = [
        (pa.int64(), 7),
        (pa.float64(), 0.5),
        (pa.string(), "x"),
        (pa.bool_(), True),
        (pa.binary(), b"\xff"),
        (pa.list_(pa.string()), ["x"]),
        (pa.list_(pa.list_(pa.string())), [["x"], ["y", "z"]]),
        (pa.list_(pa.float64()), [1.0]),
        (pa.struct([("row", pa.int32())]), {"row": 1}),
        (pa.null(), None),
    ]
    way = chance.randrange(6)
    if way == 0:
        table = table.drop_columns([name])
    elif way == 1:
        kind, value = chance.choice(kinds)
        table = table.set_column(place, name, pa.array([value] * count, kind))
    elif way == 2:
        table = table.slice(0, chance.choice([0, 1]))
    else:
        rows = table[name].to_pylist()
        row = chance.randrange(max(1, count))
        if rows:
            rows[row] = _odd_cell(rows[row], chance)
        table = table.set_column(place, name, pa.array(rows, table.schema.field(name).type))
    pq.write_table(table, file)


def _odd_cell(value: Any, chance: random.Random) -> Any:
    """Another value of the same type, or none; what is none stays so, for it tells no type."""
    if value is None or chance.random() < 0.3:
        return None
    if isinstance(value, list):
        if not value or chance.random() < 0.3:
            return []
        changed = list(value)
        changed[chance.randrange(len(changed))] = _odd_cell(chance.choice(changed), chance)
        return changed
    if isinstance(value, dict):
        key = chance.choice(list(value))
        return {**value, key: _odd_cell(value[key], chance)}
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return chance.choice([-1, 99, 2**31 - 1])
    if isinstance(value, float):
        return chance.choice([-1.0, float("nan"), float("inf"), 1e300])
    return chance.choice(["", "\x1b[31mred", "x" * 5_000, "<script>", "|", "\x00", "long", "cell"])


def mutate(file: Path, chance: random.Random) -> None:
    """One change of a kind that fits the file."""
    own = {".json": odd_json, ".jsonl": odd_json, ".toml": odd_toml, ".parquet": odd_parquet}
    fitting = own.get(file.suffix, odd_bytes)
    chance.choice([fitting, fitting, odd_bytes, odd_kind])(file, chance)


def files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = (file for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file in files if file.name not in (".lock", "report.html", "report.md")]


def odd_option(command: list[str], chance: random.Random) -> list[str]:
    """A setting, number or path of a command line that makes no sense."""
    odd = ["", "x", "-1", "0", "nan", "1e400", "9" * 5_000, "true", "[]", "\x1b[31m", "../" * 40]
    odd += ["/dev/null", "x" * 5_000, "a\nb", "[" * 2_000, "\u202e", "*", "http://[::1/v1"]
    names = ["max_steps", "beams", "seed", "mix", "report_to", "arguments.x", "", "a.b.c", "inputs"]
    way = chance.randrange(3)
    if way == 0:
        return [*command, "--set", f"{chance.choice(names)}={chance.choice(odd)}"]
    changed = list(command)
    place = chance.randrange(1, len(command))
    changed[place] = chance.choice(odd)
    return changed if way == 1 else [*command, chance.choice(["-n", "--seed", "--protocol"]), "x"]


def odd_output(chance: random.Random) -> None:
    """Something else stands where the command writes."""
    kinds: list[Callable[[], object]] = [
        lambda: Path("out").write_text("mine"),
        lambda: (Path("out").mkdir(), Path("out/kept.txt").write_text("mine")),
        lambda: Path("out").symlink_to("nowhere"),
        lambda: Path("out").symlink_to("out"),
        lambda: os.mkfifo("out"),
        lambda: shutil.copytree("report", "out"),
        lambda: (Path("out").mkdir(), Path("out/done.json").write_text("[]")),
        lambda: (Path("out").mkdir(), Path("out/unfinished.json").write_text("{")),
    ]
    chance.choice(kinds)()
