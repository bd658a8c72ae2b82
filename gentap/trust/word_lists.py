"""Word lists: what names one group of people, and what names the other.

A list is a TOML file. ``groups`` names the two groups; ``[names]``, ``[titles]`` and ``[words]``
pair each word of the first one with its counterpart; ``[forms]`` are words that become one thing or
another by what stands beside them, as ``her`` becomes ``his`` or ``him``. docs/trust.md has it
all. Two lists come with GenTaP.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from gentap.errors import InputError, SettingError
from gentap.runs.files.user_texts import read_user_text
from gentap.settings.recipe import make_settings
from gentap.settings.sections import Settings
from gentap.settings.toml_text import line_of, parse_toml

GROUPS = ("first", "second")
"""Classes that every list has: the words and titles, but no first names, of its groups."""
ANY_CAPITAL = "Aa"
"""Stands in a class for every word with a capital."""

WordKind = Literal["names", "titles", "words"]
_KINDS: tuple[WordKind, ...] = ("names", "titles", "words")
_FOLDER = Path(__file__).parent / "word_lists"


class FormRule(Settings):
    """What a word becomes where its neighbours are of these classes.

    ``past`` finds a noun behind the adjectives that stand between it and its article.
    """

    after: str = Field("", description="the class of the word before it")
    before: str = Field("", description="the class of the word that follows")
    past: str = Field("", description="a class: its words are passed over to the one that follows")
    becomes: str = Field(alias="is", min_length=1, description="what it becomes")


_Forms = dict[str, str | list[FormRule]]


class _FormTables(Settings):
    first: _Forms = Field({})
    second: _Forms = Field({})
    both: _Forms = Field({})


class _KeepTable(Settings):
    after: list[str] = Field([])
    before: list[str] = Field([])
    phrases: list[str] = Field([])


class _WordListFile(Settings):
    """A list as it is written."""

    groups: list[str] = Field(min_length=2, max_length=2)
    genitive: str = ""
    names: dict[str, str] = Field({})
    titles: dict[str, str] = Field({})
    words: dict[str, str] = Field({})
    forms: _FormTables = _FormTables()
    classes: dict[str, list[str]] = Field({})
    keep: _KeepTable = _KeepTable()


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What a word becomes, the group (0 or 1) that it names, and what kind of word it is."""

    text: str
    group: int
    kind: WordKind


@dataclass(frozen=True, slots=True)
class Form:
    """The rules of a word that depends on its neighbours; ``group`` is None where it names none."""

    rules: tuple[FormRule, ...]
    group: int | None


@dataclass(frozen=True, slots=True)
class WordList:
    """A list that was read and checked; all words are looked up in small letters.

    ``genitive`` may end a name. Nothing is exchanged within ``phrases``, nor a name after
    ``kept_after`` or before ``kept_before``.
    """

    groups: tuple[str, str]
    genitive: str
    counterparts: Mapping[str, Counterpart]
    forms: Mapping[str, Form]
    classes: Mapping[str, frozenset[str]]
    kept_after: frozenset[str]
    kept_before: frozenset[str]
    phrases: tuple[str, ...]

    def is_of(self, name: str, word: str) -> bool:
        """Whether a word as it is written, or the end of a clause (""), is of a class."""
        low = word.lower()
        if name in GROUPS:
            found = self.counterparts.get(low)
            return found is not None and found.kind != "names" and GROUPS[found.group] == name
        members = self.classes[name]
        if low in members or (ANY_CAPITAL in members and word[:1].isupper()):
            return True
        return any(low.endswith(one[1:]) for one in members if one[:1] == "*" and word)


def find_word_list(name: str) -> Path:
    """A list's file: a path, or the name of one that comes with GenTaP.

    Raises InputError where there is none of that name.
    """
    if Path(name).suffix or Path(name).exists():
        return Path(name)
    if (file := _FOLDER / f"{name}.toml").exists():
        return file
    raise InputError(
        f"{name}: no such word list. Give the path of a file, or 'english' or 'german'."
    )


def read_word_list(path: Path) -> WordList:
    """Read and check a list.

    Raises InputError where there is no such file, SettingError where it is no list, where it is
    empty, or where a word stands in it twice.
    """
    text = read_user_text(path, "word list")
    file = make_settings(_WordListFile, parse_toml(text, str(path)), str(path))
    counterparts: dict[str, Counterpart] = {}
    for kind in _KINDS:
        for pair in getattr(file, kind).items():
            for group, word in enumerate(pair):
                if not word.isalpha() or word.lower() in counterparts:
                    line = line_of(text, [kind, pair[0]])
                    raise SettingError(f"{path}, line {line}: {_fault(word)}")
                counterparts[word.lower()] = Counterpart(pair[1 - group], group, kind)
    forms = {
        word.lower(): Form(_rules(rules, file, f"{path}, forms.{table}.{word}"), group)
        for table, group in (("first", 0), ("second", 1), ("both", None))
        for word, rules in getattr(file.forms, table).items()
    }
    if not counterparts and not forms:
        raise SettingError(f"{path}: an empty word list: give it [names], [titles] or [words].")
    return WordList(
        (file.groups[0], file.groups[1]),
        file.genitive,
        counterparts,
        forms,
        {name: frozenset(members) for name, members in file.classes.items()},
        frozenset(map(str.lower, file.keep.after)),
        frozenset(map(str.lower, file.keep.before)),
        tuple(file.keep.phrases),
    )


def _fault(word: str) -> str:
    if not word.isalpha():
        return f"{word!r} is not one word of letters."
    return (
        f"the lists overlap: '{word}' stands in them twice, and what it becomes would depend on "
        "chance. Leave it in one place."
    )


def _rules(given: str | list[FormRule], file: _WordListFile, where: str) -> tuple[FormRule, ...]:
    rules = [FormRule(**{"is": given})] if isinstance(given, str) else given
    for rule in rules:
        for name in (rule.after, rule.before, rule.past):
            if name and name not in file.classes and name not in GROUPS:
                known = ", ".join([*GROUPS, *file.classes])
                raise SettingError(f"{where}: there is no class '{name}'. Known: {known}.")
    return tuple(rules)
