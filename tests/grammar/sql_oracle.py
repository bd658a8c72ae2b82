"""SQLite as a second opinion on queries: it shares no code with the engine that draws.

Values are loaded once a table: the key that a typed column gives to a cell, whether the cell says
anything, and a form of its text that is worked out here. All that a query means
is then said in SQL.
"""

import re
import sqlite3
import unicodedata
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
        """The lines that the query finds."""
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
            "largest": self._extreme(query, ">"),
            "smallest": self._extreme(query, "<"),
        }[query.pick]
        found = self._base.execute(f"WITH met AS ({met}) {sql}", given)
        return sorted(line for (line,) in found)

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
