"""SQLite as a second opinion on queries: it shares no code with the engine that draws.

Values are loaded once a table: the key that a typed column gives to a cell, whether the cell says
anything, and a form of its text that is worked out here. All that a query means
is then said in SQL.
"""

import re
import sqlite3
import unicodedata
from itertools import pairwise
from typing import Any

from gentap.tables.queries import Query, ReadTable

_FOOTNOTE = re.compile(r"\[(?:\d{1,3}|[a-z]|note \d{1,2}|nb \d{1,2}|citation needed)\]", re.I)
_QUOTES = {"‘": "'", "’": "'", "“": '"', "”": '"', "−": "-", "‐": "-", "‑": "-"}
_MARKS = re.compile(r"[*†‡#^§ ]+$")


def plain(text: str) -> str:
    """Without case, footnote marks, and more than one space."""
    text = unicodedata.normalize("NFKC", text)
    text = _FOOTNOTE.sub("", "".join(_QUOTES.get(letter, letter) for letter in text))
    folded = [low if len(low := letter.casefold()) == 1 else letter for letter in text]
    return " ".join("".join(folded).split())


def said(text: str) -> str:
    """Without a closing parenthesis and closing marks too, unless nothing is left."""
    form = plain(text)
    if form[-1:] not in [*")*†‡#^§"]:
        return form
    bare = _MARKS.sub("", form)
    bare = _MARKS.sub("", re.sub(r"\s*\([^()]*\)$", "", bare))
    return bare or form


def digits(text: str, comma: bool) -> float:
    """The first number of a text, its thousands parted by points, commas or spaces; 0 if none.

    A blank may part it from its minus, where the text begins with that, and from a fraction.
    """
    if halves := re.search(r"(\d+) (\d+)⁄(\d+)", text):
        whole, above, below = map(int, halves.groups())
        return whole + above / below
    match = re.search(r"(?:^- |-)?\d[\d., ]*", text)
    group, mark = (".", ",") if comma else (",", ".")
    if match is None or match[0].count(mark) > 1:
        return 0.0
    return float(match[0].replace(group, "").replace(" ", "").replace(mark, ".").strip("."))


class SqlTable:
    """One table's cells in SQLite: line and place from 0, form, said, size, filled."""

    def __init__(self, base: sqlite3.Connection, read: ReadTable) -> None:
        table, columns = read.table, read.columns
        self._base, self._table, self._columns = base, table, columns
        base.execute("DROP TABLE IF EXISTS cell")
        base.execute(
            "CREATE TABLE cell (line INT, place INT, form TEXT, said TEXT, size REAL, filled INT)"
        )
        base.executemany(
            "INSERT INTO cell VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    *(line, place, plain(text), said(text), columns[place].keys[line]),
                    int(read.filled[place][line]),
                )
                for line, row in enumerate(table.rows)
                for place, text in enumerate(row)
            ],
        )
        base.execute("CREATE INDEX by_place ON cell (place, line)")

    def ask(self, query: Query) -> list[int]:
        """The lines that the query finds, in its order."""
        conditions = [self._condition(condition) for condition in query.conditions]
        given = [value for _, values in conditions for value in values]
        met = " INTERSECT ".join(clause for clause, _ in conditions)
        met = met or "SELECT DISTINCT line FROM cell"
        height = f"(SELECT {len(self._table.rows)})"
        sql = {
            "any": "SELECT line FROM met",
            "only": f"SELECT line FROM met WHERE {height} = 1",
            "row": f"SELECT line FROM met ORDER BY line LIMIT 1 OFFSET {query.rank - 1}",
            "last": f"SELECT line FROM met ORDER BY line DESC LIMIT 1 OFFSET {query.rank - 1}",
            "after": f"SELECT line + 1 FROM met WHERE line + 1 < {height}",
            "before": "SELECT line - 1 FROM met WHERE line > 0",
            "around": f"""SELECT line + step FROM met, (SELECT -1 AS step UNION SELECT 1)
                WHERE (SELECT count(*) FROM met) = 1 AND line BETWEEN 1 AND {height} - 2
                ORDER BY step""",
            "edges": """SELECT line FROM met WHERE (SELECT count(*) FROM met) > 1
                AND line IN ((SELECT min(line) FROM met), (SELECT max(line) FROM met))""",
            "ends": self._ends(query),
            "largest": self._extreme(query, ">"),
            "smallest": self._extreme(query, "<"),
        }[query.pick]
        if query.pick in ("largest", "smallest") and query.taken != 1:
            sql = self._several(query)
        found = [line for (line,) in self._base.execute(f"WITH met AS ({met}) {sql}", given)]
        if query.pick in ("any", "only", "edges", "after", "before"):
            found = self._in_order(query, found)
        return found if self._follows(query, found) else []

    def _in_order(self, query: Query, found: list[int]) -> list[int]:
        """By the table; what is one value or another, by the order in which these are named."""
        named = [one for one in query.conditions if one.comparison in ("either", "both")]
        if not named or len(query.conditions) > 1:
            return sorted(found)
        first = set(self.ask(Query(0, (named[0]._replace(comparison="is", other=None),))))
        return sorted(found, key=lambda line: (line not in first, line))

    def _follows(self, query: Query, found: list[int]) -> bool:
        """Whether the lines' cells grow, or shrink, from each to the next."""
        for place, sign in ((query.rising, "<"), (query.falling, ">")):
            if place is None:
                continue
            for one, other in pairwise(found):
                (holds,) = self._base.execute(
                    f"""SELECT one.size {sign} two.size FROM cell AS one, cell AS two
                    WHERE one.place = {place} AND two.place = {place}
                    AND one.line = {one} AND two.line = {other}"""
                ).fetchone()
                if not holds:
                    return False
        return True

    def _sized(self, query: Query) -> str:
        return f"SELECT line, size FROM cell JOIN met USING (line) WHERE place = {query.by}"

    def _several(self, query: Query) -> str:
        """So many from the largest (or smallest) on, if all differ, and from the next one too."""
        order, sized = "DESC" if query.pick == "largest" else "ASC", self._sized(query)
        count = query.taken or len(self._table.rows)
        return f"""SELECT line FROM ({sized})
            WHERE NOT EXISTS (SELECT 1 FROM ({sized}) WHERE size IS NULL)
            AND (SELECT count(*) FROM met) >= {query.taken}
            AND (SELECT count(*) = count(DISTINCT size) FROM
                 (SELECT size FROM ({sized}) ORDER BY size {order} LIMIT {count + 1}))
            ORDER BY size {order} LIMIT {count}"""

    def _ends(self, query: Query) -> str:
        """The smallest and the largest, each alone, of three or more."""
        sized = self._sized(query)
        extreme = f"(SELECT {{}}(size) FROM ({sized}))"
        alone = " AND ".join(
            f"(SELECT count(*) FROM ({sized}) WHERE size = {extreme.format(end)}) = 1"
            for end in ("min", "max")
        )
        return f"""SELECT line FROM ({sized})
            WHERE NOT EXISTS (SELECT 1 FROM ({sized}) WHERE size IS NULL)
            AND (SELECT count(*) FROM met) > 2 AND {alone}
            AND size IN ({extreme.format("min")}, {extreme.format("max")}) ORDER BY size"""

    def told(self, place: int, lines: tuple[int, ...]) -> tuple[list[str], list[float]]:
        """The texts and the sizes of the cells that something was told of."""
        sizes = "SELECT size FROM cell WHERE place = ? AND line = ?"
        return (
            [self._table.rows[line][place] for line in lines],
            [self._base.execute(sizes, (place, line)).fetchone()[0] for line in lines],
        )

    def _extreme(self, query: Query, beats: str) -> str:
        """As many others beat the line as its rank says, and no two of these are equal."""
        sized = f"SELECT line, size FROM cell JOIN met USING (line) WHERE place = {query.by}"
        return f"""
            SELECT line FROM ({sized}) AS one
            WHERE NOT EXISTS (SELECT 1 FROM ({sized}) WHERE size IS NULL)
            AND (SELECT count(*) FROM ({sized}) AS other WHERE other.size {beats} one.size)
                = {query.rank - 1}
            AND (SELECT count(DISTINCT other.size) FROM ({sized}) AS other
                 WHERE other.size {beats} one.size) = {query.rank - 1}"""

    def _condition(self, condition: Any) -> tuple[str, list[Any]]:
        place, other = condition.column, condition.other
        if condition.comparison in ("either", "both"):
            return self._either(condition)
        ordered = f"NOT EXISTS (SELECT 1 FROM cell WHERE place = {place} AND size IS NULL)"
        size_of = (
            f"(SELECT size FROM cell WHERE place = {place} AND form = ? ORDER BY line LIMIT 1)"
        )
        typed = self._columns[place].type in ("number", "date")
        if other is not None:
            return self._comparison(condition, typed), []
        if condition.comparison == "is":
            value = condition.value
            if not typed:
                return f"SELECT line FROM cell WHERE place = {place} AND said = ?", [said(value)]
            same = f"""SELECT line FROM cell WHERE place = {place} AND CASE
                WHEN {size_of} IS NULL THEN size IS NULL AND said = ? ELSE size = {size_of} END
                AND EXISTS (SELECT 1 FROM cell WHERE place = {place} AND form = ?)"""
            return same, [plain(value), said(value), plain(value), plain(value)]
        above = f"size > {size_of}"
        below = f"size < {size_of}"
        meant = {"above": above, "below": below, "between": f"{above} AND {below}"}
        values = [condition.value, *([condition.high] if condition.high else [])]
        clause = f"SELECT line FROM cell WHERE place = {place} AND {meant[condition.comparison]}"
        return f"{clause} AND {ordered}", list(map(plain, values))

    def size_of(self, place: int, text: str) -> float:
        """The size of an amount in the column's unit: what its digits say, times the cells' scale.

        A mark means what it means in the column: there sizes are in proportion to the digits.
        """
        cells = self._base.execute(
            "SELECT form, size FROM cell WHERE place = ? AND size <> 0", (place,)
        ).fetchall()
        for comma in (False, True):
            scales = [size / digits(form, comma) for form, size in cells if digits(form, comma)]
            if scales and max(scales) - min(scales) < 1e-6 * abs(scales[0]):
                return digits(plain(text), comma) * scales[0]
        if not cells:
            return 0.0
        raise AssertionError(f"{text}: the sizes of the column are in no proportion")

    def _either(self, condition: Any) -> tuple[str, list[Any]]:
        """The one value or the other; of both, those whose other cell stands beside each."""
        singly = [
            self._condition(condition._replace(comparison="is", value=value, high="", other=None))
            for value in (condition.value, condition.high)
        ]
        met = " UNION ".join(clause for clause, _ in singly)
        given = [value for _, values in singly for value in values]
        if condition.other is None:
            return met, given
        typed = self._columns[condition.other].type in ("number", "date")
        key = "coalesce(size, said)" if typed else "said"
        beside = f"SELECT {key} FROM cell WHERE place = {condition.other} AND line IN"
        shared = " INTERSECT ".join(f"{beside} ({clause})" for clause, _ in singly)
        both = f"""SELECT line FROM cell WHERE place = {condition.other}
            AND line IN ({met}) AND {key} IN ({shared})"""
        return both, given * 2

    def _comparison(self, condition: Any, typed: bool) -> str:
        first, second = (self._columns[one] for one in (condition.column, condition.other))
        if (first.type, first.unit) != (second.type, second.unit):
            return "SELECT line FROM cell WHERE 0"
        pairs = f"""SELECT one.line FROM cell AS one JOIN cell AS two USING (line)
            WHERE one.place = {condition.column} AND two.place = {condition.other}"""
        same = "coalesce(one.size, one.said) = coalesce(two.size, two.said)"
        if condition.comparison == "is":
            return f"{pairs} AND {same if typed else 'one.said = two.said'} AND one.filled"
        sign = ">" if condition.comparison == "above" else "<"
        whole = f"""NOT EXISTS (SELECT 1 FROM cell WHERE size IS NULL
            AND place IN ({condition.column}, {condition.other}))"""
        return f"{pairs} AND one.size {sign} two.size AND {whole}"
