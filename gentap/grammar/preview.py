"""What a grammar would ask: draws of each kind, from a built-in table or from one of yours."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from gentap.grammar.plans import Plan
from gentap.grammar.question_table import QuestionTable
from gentap.grammar.rules import Rule
from gentap.grammar.sample import table_random
from gentap.grammar.sampler import QuestionSampler, is_possible
from gentap.grammar.sentence_sampler import EVIDENCE_SIZES, SentenceDrawer, gives
from gentap.records import Table
from gentap.runs.counting import counted

BUILT_IN = Table(
    title="Northport",
    section="Gull Point",
    header=(
        *("Harbour", "Town", "Coast", "Captain", "Year", "Opened", "Refit", "Wins", "Losses"),
        *("Rating", "Capacity", "Length", "Time", "Height"),
    ),
    rows=tuple(
        tuple(cell.strip() for cell in line.split("|"))
        for line in """\
Northport|Ashby|west|Ada Lind|1901|1902-05-03|1950-06-01|3|9|7.5|1,200|3.5 km|3:45|12 m
Gull Point|Ashby|west|Bo Carr|1911|1912-04-20|1961-03-14|4|8|6.25|900|4 km|4:02|9 m
Sandway|Brill|east|Cy Dahl|1895|1896-08-11|1948-10-30|12|2|8.1|2,400|2.25 km|2:51|31 m
Red Cliff|Brill|east|Di Moss|1922|1923-07-01|1923-07-01|6|6|5.9|650|5.5 km|5:13|22 m
Old Quay|Corran|west|Ed Nash|1887|1888-09-17|1939-05-05|5|7|6.8|1,850|1.75 km|2:07|17 m
Kelp Bay|Corran|north|Fay Orr|1930|1931-06-06|1970-02-21|2|10|4.4|300|6 km|6:24|5 m
Stonehaven|Dover Hill|north|Gil Pratt|1908|1909-03-29|1955-11-12|1|11|3.7|480|7.25 km|7:39|26 m
Whitegate|Dover Hill|east|Hal Quinn|1915|1916-10-02|1966-07-23|0|12|2.9|1,050|8 km|8:18|14 m
""".splitlines()
    ),
)
"""A table on which nearly every sort of question can be asked; its dates need no language."""


PLAYERS = Table(
    title="Harbour League",
    header=("Player", "Date", "Team", "Best result", "Goals"),
    rows=(
        ("Ida Frost", "2004-05-01", "Brill", "3–1", "14"),
        ("Jo Hale", "2004-05-08", "Ashby", "2–0", "9"),
        ("Kim Rudd", "2004-05-15", "Brill", "5–2", "11"),
        ("Lea Stone", "2004-05-22", "Corran", "1–0", "6"),
    ),
)
WINNERS = Table(
    title="Bay Run",
    header=("Year", "Winner", "Town", "Attendance"),
    rows=(
        ("1901", "Ada Lind", "Ashby", "310"),
        ("1902", "Bo Carr", "Brill", "550"),
        ("1903", "Ada Lind", "Corran", "820"),
        ("1904", "Cy Dahl", "Ashby", "275"),
        ("1905", "Ada Lind", "Dover Hill", "940"),
        ("1906", "Di Moss", "Corran", "705"),
    ),
)
FILMS = Table(
    title="Fay Orr",
    header=("Rank", "Year", "Film", "Role"),
    rows=(
        ("1", "2001", "Dawn", "Ida"),
        ("2", "2001", "Dusk", "Jo"),
        ("3", "2003", "Noon", "Kim"),
        ("4", "2003", "Night", "Lea"),
        ("5", "2003", "Rain", "Mia"),
        ("6", "2004", "Snow", "Nia"),
    ),
)
PARISHES = Table(
    title="Ebbdale",
    header=("Parish", "Fair", "Stalls"),
    rows=(("Ashby", "May Fair", "31"), ("Brill", "Horse Fair", "52"), ("Corran", "Gala", "17")),
)
PLAYERS_IN_GERMAN = Table(
    title="Küstenliga",
    header=("Spieler", "Tore", "Vorlagen"),
    rows=(("Ida Frost", "14", "3"), ("Jo Hahn", "9", "7"), ("Kim Rudel", "11", "5")),
)
PARISHES_IN_GERMAN = Table(
    title="Kirmes im Ebbtal",
    header=("Jahr", "Gemeinde", "Gäste"),
    rows=(
        ("1901", "Altdorf", "310"),
        ("1903", "Brilling", "550"),
        ("1904", "Karau", "480"),
        ("1907", "Dornfeld", "940"),
        ("1908", "Emmern", "705"),
    ),
)
ONE_ROW = replace(BUILT_IN, rows=BUILT_IN.rows[:1])

BUILT_IN_TABLES = (
    *(BUILT_IN, PLAYERS, ONE_ROW, WINNERS, FILMS),
    *(PARISHES, PLAYERS_IN_GERMAN, PARISHES_IN_GERMAN),
)

_NONE = "    none: "
_ATTEMPTS = 100
"""Draws of a kind that may fail one after the other before it is given up."""


def preview_kinds(
    maker: QuestionSampler,
    per_kind: int,
    seed: int,
    wanted: Callable[[Rule], bool] = lambda rule: True,
) -> Iterator[str]:
    """Draws of every kind that is wanted, from the first built-in table that gives some."""
    tables = list(map(maker.askable, BUILT_IN_TABLES))
    for plan in (*maker.plans, *maker.sentence_plans):
        if not wanted(plan.rule):
            continue
        shown = [list(_kind(maker, table, plan, per_kind, seed)) for table in tables]
        yield from next((lines for lines in shown if _has_draws(lines)), shown[0])


def preview_table(maker: QuestionSampler, table: Table, per_kind: int, seed: int) -> Iterator[str]:
    """How a table's columns are read, and what would be asked about it."""
    askable = maker.askable(table)
    yield f"{table.title or 'table'}: {counted(len(table.rows), 'row')}"
    for column, header in enumerate(table.header):
        yield f"  {header}: {_reading(askable, column)}"
    silent: dict[str, list[str]] = {}
    for plan in (*maker.plans, *maker.sentence_plans):
        lines = list(_kind(maker, askable, plan, per_kind, seed))
        if _has_draws(lines):
            yield from lines
        else:
            silent.setdefault(lines[1].removeprefix(_NONE), []).append(lines[0])
    if silent:
        yield "no question of these kinds:"
        for why, kinds in silent.items():
            yield f"  {', '.join(kinds)}: {why}"


def _kind(
    maker: QuestionSampler, table: QuestionTable, plan: Plan, per_kind: int, seed: int
) -> Iterator[str]:
    yield plan.rule.name
    draw = _sentences if plan.rule.answers else _cells
    lines = list(draw(maker, table, plan, per_kind, seed))
    yield from (f"    {line}" for line in lines)
    if not lines:
        yield f"{_NONE}{why_not_asked(plan, table)}"


def _cells(
    maker: QuestionSampler, table: QuestionTable, plan: Plan, per_kind: int, seed: int
) -> Iterator[str]:
    random = table_random(seed, plan.rule.name).random
    for draw in maker.draw_kind(table, plan, per_kind, _ATTEMPTS, random):
        yield f"{draw.question}  →  {table.read.table.text_at(draw.answer)}"


def _sentences(
    maker: QuestionSampler, table: QuestionTable, plan: Plan, per_kind: int, seed: int
) -> Iterator[str]:
    """Sentences of all numbers of rows that the kind can tell of, in turn."""
    random = table_random(seed, plan.rule.name).random
    drawer = SentenceDrawer(maker, table, random)
    possible = is_possible(plan, table)
    sizes = [size for size in EVIDENCE_SIZES if possible and gives(plan, size, table)]
    asked: set[str] = set()
    while sizes and len(asked) < per_kind:
        size = sizes.pop(0)
        draw = drawer.turn(plan, size, _ATTEMPTS, asked)
        if draw is not None:
            sizes.append(size)
            asked.add(draw.question)
            yield f"{draw.question}  →  {draw.answer}"


def _has_draws(lines: Sequence[str]) -> bool:
    return not lines[1].startswith(_NONE)


def why_not_asked(plan: Plan, table: QuestionTable) -> str:
    """Why a kind of question can't be asked about a table."""
    height = table.read.height
    if plan.query.pick == "only" and height != 1:
        return "the table has more than one row"
    if height < plan.fewest_rows:
        return f"it needs {counted(plan.fewest_rows, 'row')}"
    missing = sorted(plan.titles - table.titles.keys())
    if missing:
        return f"the table has no {' or '.join(missing)}, or too long a one"
    for label, guard, role in plan.labels:
        name = f"[column {label}]".replace(" ]", "]")
        if not table.fitting(guard, "any"):
            return f"no column is what {name} asks for"
        if not table.fitting(guard, role):
            return f"no column for {name} {_ROLES[role]}"
    if not is_possible(plan, table):
        return "the table has rows of totals or headings, which make the answer doubtful"
    found = "rows" if plan.rule.answers else "one row"
    return f"no draw found {found} with an answer that may be given"


_ROLES = {
    "any": "",
    "ordered": "can be compared in every row",
    "top": "can be compared in every row and has one largest value",
    "bottom": "can be compared in every row and has one smallest value",
    "single": "has a value of its own row that may be named",
    "group": "has a value that several rows share",
    "title": "holds the table's title",
    "whole": "has cells that may all be told",
}


def _reading(table: QuestionTable, column: int) -> str:
    read = table.read.columns[column]
    sorts = ", ".join(sorted(table.kinds[column] - {read.type}))
    unit = f" in {read.unit}" if read.type == "number" and read.unit else ""
    if column not in table.columns:
        return f"{read.type}{unit}; never asked about"
    return f"{read.type}{unit}{f' ({sorts})' if sorts else ''}, said as {table.names[column]!r}"
