"""A chat prompt in a text file, with places to be filled in.

Above a line ``---`` stands the system's message, below it the user's; without that line all of it
is the user's. A name in braces is a place; a brace that is meant as such is doubled.
"""

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from gentap.errors import SettingError
from gentap.records import digest
from gentap.runs.files.user_texts import read_user_text

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
_RULE = re.compile(r"^---[ \t]*$", re.MULTILINE)

Message = dict[str, str]


class PromptTemplate:
    """A checked template; raises SettingError with the line of a mistake.

    ``places`` may stand in it, ``needed`` must.
    """

    def __init__(self, text: str, name: str, places: Sequence[str], needed: Sequence[str]) -> None:
        for match in _PLACE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            if match[0] in "{}":
                raise SettingError(
                    f"{name}, line {line}: a single '{match[0]}'. Double a brace that is no place."
                )
            if match[1] is not None and match[1] not in places:
                known = ", ".join(f"{{{place}}}" for place in places)
                raise SettingError(
                    f"{name}, line {line}: unknown place {match[0]}. Known: {known}."
                )
        for place in needed:
            if f"{{{place}}}" not in text:
                raise SettingError(f"{name}: has no place {{{place}}}: it would never be shown.")
        parts = _RULE.split(text, maxsplit=1)
        self._parts = list(zip(("system", "user")[-len(parts) :], parts, strict=True))
        self.digest = digest(text)

    def messages(self, values: Mapping[str, str]) -> list[Message]:
        """The chat's messages with the places filled in; an empty message is left out."""

        def fill(match: re.Match[str]) -> str:
            return match[0][0] if match[1] is None else values[match[1]]

        filled = ((role, _PLACE.sub(fill, text).strip()) for role, text in self._parts)
        return [{"role": role, "content": content} for role, content in filled if content]


def load_template(
    file: str, ours: tuple[str, str], setting: str, places: Sequence[str], needed: Sequence[str]
) -> PromptTemplate:
    """The template of a file; where none is named that of a package, ``ours``: (package, name).

    Raises InputError where it can't be read or lacks a place.
    """
    if not file:
        package, name = ours
        text = files(package).joinpath(name).read_text(encoding="utf-8")
        return PromptTemplate(text, name, places, needed)
    text = read_user_text(Path(file), f"prompt template ({setting})")
    return PromptTemplate(text, file, places, needed)
