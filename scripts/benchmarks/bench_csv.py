"""How many of people's delimited files each detector reads right.

    PYTHONPATH=. python scripts/benchmarks/bench_csv.py

Delimiters by this package, Python's csv.Sniffer, clevercsv, pandas, polars, pyarrow and DuckDB;
encodings by this package, charset-normalizer, chardet and resiliparse. What is not installed is
left out. A whole table is right where header and rows are, as each program gives them from the
text (in the right encoding) with what it detects.
"""

import csv
import io
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from gentap.documents.csv_table import read_csv_table
from gentap.documents.delimited.csv_encoding import find_encoding

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "documents"))
from people_files import PeopleFile, people_files

Found = tuple[str | None, list[list[str]]]


def ours(file: PeopleFile, text: str) -> Found:
    with TemporaryDirectory() as folder:
        path = Path(folder) / file.name
        path.write_bytes(file.content)
        table = read_csv_table(path)
    return None, [list(table.header), *map(list, table.rows)]


def sniffer(file: PeopleFile, text: str) -> Found:
    dialect = csv.Sniffer().sniff(text, ",;\t|")
    return dialect.delimiter, list(csv.reader(io.StringIO(text), dialect))


def clever(file: PeopleFile, text: str) -> Found:
    import clevercsv

    dialect = clevercsv.Sniffer().sniff(text)
    return dialect.delimiter, list(clevercsv.reader(io.StringIO(text), dialect))


def pandas(file: PeopleFile, text: str) -> Found:
    import pandas as pd

    frame = pd.read_csv(
        io.StringIO(text), sep=None, engine="python", dtype=str, header=None, keep_default_na=False
    )
    return None, [list(map(str, row)) for row in frame.values.tolist()]


def polars(file: PeopleFile, text: str) -> Found:
    import polars as pl

    frame = pl.read_csv(text.encode(), has_header=False, infer_schema=False)
    return ",", [["" if cell is None else cell for cell in row] for row in frame.rows()]


def arrow(file: PeopleFile, text: str) -> Found:
    import pyarrow.csv as pc

    options = pc.ReadOptions(autogenerate_column_names=True)
    frame = pc.read_csv(io.BytesIO(text.encode()), options)
    columns = [[str(one) for one in column.to_pylist()] for column in frame.columns]
    return ",", [list(row) for row in zip(*columns, strict=True)]


def duck(file: PeopleFile, text: str) -> Found:
    import duckdb

    with TemporaryDirectory() as folder:
        path = Path(folder) / "f.csv"
        path.write_text(text, encoding="utf-8", newline="")
        mark = duckdb.sql(f"select Delimiter from sniff_csv('{path}')").limit(1).fetchall()[0][0]
        read = duckdb.sql(f"select * from read_csv('{path}', all_varchar=true)")
        rows = [["" if cell is None else cell for cell in row] for row in read.fetchall()]
        return mark, [list(read.columns), *rows]


def charset(content: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(content).best()
    return best.encoding if best else None


def chardet(content: bytes) -> str | None:
    import chardet as module

    return module.detect(content)["encoding"]


def resiliparse(content: bytes) -> str | None:
    from resiliparse.parse.encoding import detect_encoding

    return detect_encoding(content)


def clean(rows: list[list[str]]) -> list[list[str]]:
    return [[" ".join(cell.split()) for cell in row] for row in rows if any(map(str.strip, row))]


def main() -> None:
    files = people_files()
    readers: list[tuple[str, Callable[[PeopleFile, str], Found]]] = [
        ("gentap", ours), ("csv.Sniffer", sniffer), ("clevercsv", clever), ("pandas", pandas),
        ("polars", polars), ("pyarrow", arrow), ("duckdb", duck),
    ]  # fmt: skip
    print(f"{len(files)} files")
    for name, reader in readers:
        right = delimiters = 0
        failed = []
        for file in files:
            text = file.content.decode(file.encoding).removeprefix("\ufeff")
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            try:
                delimiter, rows = reader(file, text)
            except ImportError:
                break
            except Exception:
                failed.append(file.name)
                continue
            same = clean(rows) == clean([file.header, *file.rows])
            right += same
            delimiters += same or delimiter == file.delimiter
            if not same:
                failed.append(file.name)
        else:
            print(f"{name:12} table right {right:3}, delimiter right {delimiters:3}")
            if name == "gentap" or "-v" in sys.argv:
                print("   wrong:", ", ".join(failed))
    for name, detect in (("gentap", find_encoding), ("charset-normalizer", charset),
                         ("chardet", chardet), ("resiliparse", resiliparse)):  # fmt: skip
        failed = []
        for file in files:
            try:
                text = file.content.decode(detect(file.content) or "ascii")
            except ImportError:
                break
            except Exception:
                text = ""
            right_text = file.content.decode(file.encoding)
            if text.removeprefix("\ufeff") != right_text.removeprefix("\ufeff"):
                failed.append(file.name)
        else:
            beyond = sum(not file.content.isascii() for file in files)
            print(f"{name:18} text right {beyond - len(failed)} of {beyond}; {', '.join(failed)}")


if __name__ == "__main__":
    main()
