"""Delimited files as people write them, against what they hold."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from people_files import PeopleFile, people_files

from gentap.documents.csv_table import CsvFormat, read_csv_table, read_csv_told
from gentap.documents.delimited.csv_encoding import find_encoding
from gentap.errors import InputError, SettingError

FILES = people_files()


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_a_file_of_people_is_read_right(tmp_path: Path, file: PeopleFile) -> None:
    path = tmp_path / file.name
    path.write_bytes(file.content)
    table = read_csv_table(path)
    assert [list(table.header), *map(list, table.rows)] == [file.header, *file.rows]


def read(folder: Path, content: str | bytes, **given: str) -> tuple[list[list[str]], str]:
    path = folder / "films.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    table, told = read_csv_told(path, CsvFormat(**given))
    return [list(table.header), *map(list, table.rows)], told.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("Film,Year\nDusk,2005\n", ""),
        ("Film;Year\nDusk;2005\n", "read with cells parted by semicolons"),
        ("sep=;\nFilm;Year\nDusk;2005\n", ""),
        ("Films\nFilm,Year\nDusk,2005\n", "read with title 'Films'; header in line 2"),
        ("Film,Year,\nDusk,2005,\n", "read with 1 empty column dropped"),
        (
            "A,B,C\n1,2,3\n4\n5,6\n7,8,9\n",
            "read with empty cells added at the end of lines 3, 4",
        ),
        ("Film,Year\n1,Dusk,2005\n2,Dawn,2004\n", "read with no name for the first column"),
        ("A,B\n1,2,3,4\n5,6,7,8\n", "read with no name for the last 2 columns"),
        ("Film,Year\nDusk,2005\n\nSource: me\n", "read with dropped line 4 ('Source: me')"),
        (
            "Film,Set in\nDusk,“Reno, NV”\nDawn,“Bonn, D”\n",
            "read with texts in typographic quotation marks",
        ),
        ('Film,Year\nDusk,"2005\n', "read with quotation marks taken as text in line 2"),
        ("Größe,Jahr\n1,2\n".encode("cp1252"), "read with encoding cp1252"),
        (
            "sep=;\n# made by hand\nFilm;Year\nDusk;2005\n",
            "read with header in line 3; dropped line 2 ('# made by hand')",
        ),
    ],
)
def test_what_was_assumed_is_told_in_one_line(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    assert read(tmp_path, content)[1] == told


def test_a_short_row_is_filled_up_where_most_are_whole(tmp_path: Path) -> None:
    assert read(tmp_path, "A,B,C\n1,2,3\n4\n5,6\n7,8,9\n")[0][2:4] == [
        ["4", "", ""],
        ["5", "6", ""],
    ]
    assert read(tmp_path, "A,B\n1,2\n\n3\n")[0][2] == ["3", ""]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("A,B,C\n1,2\n3,4\n", "line 2: 2 cells where the header has 3"),
        ("A,B,C\n1,2,3\n4,5\n6,7\n8,9\n", "line 3: 2 cells where the header has 3"),
        ("A,B\n1,2\n3,4,5\n6,7\n", "line 3: 3 cells where the header has 2"),
        ('A,B,C\n1,2,3\n4,5,"6\n7,8,9"\n1,2,3\n4,"5\n6"\n', "cells where the header has 3"),
    ],
)
def test_a_ragged_table_is_refused_where_a_cell_may_stand_under_a_wrong_name(
    tmp_path: Path, content: str, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        read(tmp_path, content)


def test_row_names_without_a_header_as_r_writes_them_stand_in_a_column_of_their_own(
    tmp_path: Path,
) -> None:
    rows = read(tmp_path, "Film,Year\n1,Dusk,2005\n2,Dawn,2004\n")[0]
    assert rows == [["", "Film", "Year"], ["1", "Dusk", "2005"], ["2", "Dawn", "2004"]]


@pytest.mark.parametrize("content", [b"Film\nDusk\n", b"A,B\n1,2\n1,2,3\n", b"A,B\0\n1,2\n"])
def test_an_option_is_advised_only_where_there_is_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "films.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as named_by_a_question:
        read_csv_told(path)
    told = str(named_by_a_question.value)
    assert "--" not in told
    assert "Save the file as UTF-8." in told or "a line sep=; above all others" in told
    with pytest.raises(InputError, match=r"\(--(delimiter|encoding)"):
        read_csv_told(path, CsvFormat())


def test_what_is_advised_helps(tmp_path: Path) -> None:
    assert read(tmp_path, "sep=:\nFilm:Year\nDusk, at last:2005\n")[0][1] == [
        "Dusk, at last",
        "2005",
    ]


def test_what_is_given_is_not_guessed(tmp_path: Path) -> None:
    content = b"a:b,c:d\n1:2,3:4\n"
    assert read(tmp_path, content, delimiter=":")[0] == [["a", "b,c", "d"], ["1", "2,3", "4"]]
    assert read(tmp_path, content, delimiter="comma")[0] == [["a:b", "c:d"], ["1:2", "3:4"]]
    polish = "Łódź,1\n2,3\n".encode("cp1250")
    assert read(tmp_path, polish, encoding="cp1252")[0][0] == ["£ódŸ", "1"]
    assert read(tmp_path, polish, encoding="cp1250")[0][0] == ["Łódź", "1"]
    with pytest.raises(InputError, match="is not in the encoding utf-8"):
        read(tmp_path, polish, encoding="utf-8")


@pytest.mark.parametrize("given", [{"delimiter": "ab"}, {"delimiter": '"'}, {"encoding": "nope"},
                                   {"encoding": "base64"}, {"encoding": "rot13"}])  # fmt: skip
def test_a_format_that_is_none_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(SettingError, match=f"--{next(iter(given))}"):
        CsvFormat(**given)


@pytest.mark.parametrize(
    "start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1", b"%PDF", b"\x1f\x8b"]
)
def test_files_of_other_formats_are_named(tmp_path: Path, start: bytes) -> None:
    with pytest.raises(InputError, match="is no text but"):
        read(tmp_path, start + b"a,b\n1,2\n")


# Random tables in random dialects

WORDS = (
    *("Dusk", "Dawn", "Ann Lee", "Jo", "New York", "it rained", "x", "O'Neil", "Köln", "São Paulo"),
    *("3.5", "1,200", "2004-05-06", "12:30", "50%", "$5", "-7", "n/a", "A-1", "http://a.org/b"),
)
PROSE = (
    "Austin, TX",
    'said "hi" twice',
    "one; two",
    "a|b",
    "first\nsecond",
    "Lee, Ann",
    "tab\there",
)


def random_table(random: Random, hard: bool) -> list[list[str]]:
    width, height = random.randint(2, 7), random.randint(3, 12)
    header = [
        f"{random.choice(['Name', 'Year', 'City', 'Total'])} {chr(65 + n)}" for n in range(width)
    ]
    numeric = [random.random() < 0.4 for _ in range(width)]
    rows = []
    for number in range(height):
        row = [
            str(random.randint(0, 9999)) if numeric[column] else random.choice(WORDS)
            for column in range(width)
        ]
        if hard and random.random() < 0.3:
            row[random.randrange(width)] = random.choice(PROSE)
        row[0] = f"{row[0]} {number}"  # rows differ, so that none is a header again
        rows.append(row)
    return [header, *rows]


def by_python(table: list[list[str]], delimiter: str, random: Random) -> str:
    out = io.StringIO()
    quoting = random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    ends = random.choice(["\n", "\r\n"])
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=ends).writerows(table)
    return out.getvalue()


def by_pandas(table: list[list[str]], delimiter: str, random: Random) -> str:
    frame = pytest.importorskip("pandas").DataFrame(table[1:], columns=table[0])
    return str(frame.to_csv(index=False, sep=delimiter, quoting=random.choice([0, 1])))


def by_hand(table: list[list[str]], delimiter: str, random: Random) -> str:
    blank = random.choice(["", " "])
    mark = random.choice(['"', '"'])

    def cell(text: str) -> str:
        if delimiter in text or "\n" in text or '"' in text or random.random() < 0.1:
            return mark + text.replace('"', '""') + mark
        return text

    return "".join((delimiter + blank).join(map(cell, row)) + "\n" for row in table)


Writer = Callable[[list[list[str]], str, Random], str]
WRITERS: tuple[Writer, ...] = (by_python, by_pandas, by_hand)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")


def cleaned(table: list[list[str]]) -> list[list[str]]:
    return [[" ".join(cell.split()) for cell in row] for row in table]


def try_tables(folder: Path, seeds: range) -> None:
    for seed in seeds:
        random = Random(seed)
        table = random_table(random, hard=seed % 2 == 1)
        delimiter = random.choice(",;\t|")
        text = random.choice(WRITERS)(table, delimiter, random)
        content = text.encode(random.choice(ENCODINGS))
        assert read(folder, content)[0] == cleaned(table), f"seed {seed}: {text}"


def try_mutations(folder: Path, seeds: range) -> None:
    """A mark, a cell or a byte more or less: a message, or as many rows as there are lines."""
    for seed in seeds:
        random = Random(f"mutated {seed}")
        table = random_table(random, hard=False)
        lines = by_python(table, ",", random).splitlines()
        for _ in range(random.randint(1, 3)):
            at = random.randrange(1, len(lines))
            place = random.randrange(len(lines[at]) + 1)
            sign = random.choice(['"', "'", '""', "\\", '",', ',"', ",", ";", "\0", "\ufeff", "#"])
            lines[at] = lines[at][:place] + sign + lines[at][place:]
        content = "\n".join(lines).encode(random.choice(ENCODINGS), "replace")
        whole = random.random() < 0.7
        if not whole:  # cut short, or a byte of it another one
            place = random.randrange(len(content))
            content = random.choice(
                [content[:place], content[:place] + random.randbytes(1) + content[place + 1 :]]
            )
        try:
            rows, told = read(folder, content)
        except InputError:  # which is the one error that there may be
            continue
        if whole:
            kept = len(rows) == len(lines) or "dropped" in told or "header in" in told
            assert kept, f"seed {seed}: {lines} gave {rows}"


def test_random_tables_in_random_dialects_are_read_back(tmp_path: Path) -> None:
    try_tables(tmp_path, range(300))


def test_mutated_files_lose_no_row_in_silence(tmp_path: Path) -> None:
    try_mutations(tmp_path, range(300))


@pytest.mark.slow
def test_thousands_of_tables_and_mutations(tmp_path: Path) -> None:
    try_tables(tmp_path, range(300, 5300))
    try_mutations(tmp_path, range(300, 5300))


def test_random_bytes_give_a_table_or_a_message(tmp_path: Path) -> None:
    for seed in range(300):
        random = Random(f"bytes {seed}")
        letters = random.choice([b'a,"\n;1', bytes(range(256)), b"a,b\n\xe4\xf6\x80'\"\\"])
        content = bytes(random.choice(letters) for _ in range(random.randrange(80)))
        try:
            rows, _ = read(tmp_path, content)
        except InputError:
            continue
        assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Stadt,Größe\nKöln,groß\n", "cp1252"),
        ("Ville,Région\nOrléans,Centre\n", "mac_roman"),
        ("Miasto,Rzeka\nŁódź,Łódka\nGdańsk,Wisła\n", "cp1250"),
        ("Город,Река\nМосква,Москва\n", "koi8_r"),
        ("都市,人口\n東京,1\nさいたま,2\n", "cp932"),
        ("城市,人口\n北京,1\n上海,2\n", "gb18030"),
        ("Kent,İl\nİstanbul,İstanbul\n", "cp1254"),
    ],
)
def test_an_encoding_is_told_from_a_few_words(text: str, encoding: str) -> None:
    assert text.encode(encoding).decode(find_encoding(text.encode(encoding))) == text


@pytest.mark.parametrize(
    "text",
    [
        "| Year | Film |\n|------|:----:|\n| 2005 | Dusk |\n| 2006 | A\\|B |\n",
        "Year | Film\n--- | ---\n2005 | Dusk\n2006 | A\\|B\n",
        "Films of hers\n\n| Year | Film |\n|:-|---|\n| 2005 | Dusk |\n| 2006 | A\\|B |\n",
        "|Year|Film|\n|---|---|\n|2005|Dusk|\n|2006|A\\|B|",
    ],
)
def test_a_table_of_markdown_is_read_as_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "films.csv"
    path.write_text(text)
    table, told = read_csv_told(path)
    assert table.header == ("Year", "Film")
    assert table.rows == (("2005", "Dusk"), ("2006", "A|B"))
    assert "pipes" in told
    assert "dropped line" in told


@pytest.mark.parametrize("first", ["-|-", "1|-", "---|2"])
def test_a_row_that_says_nothing_is_no_ruled_line(tmp_path: Path, first: str) -> None:
    path = tmp_path / "films.csv"
    path.write_text(f"Year|Film\n{first}\n2005|Dusk\n2006|Dawn\n")
    assert read_csv_table(path).rows[0] == tuple(first.split("|"))
