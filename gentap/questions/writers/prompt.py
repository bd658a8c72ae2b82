"""The prompt of a chat endpoint: a text file with places for a sentence and its entries.

Above a line ``---`` stands the system's message, below it the user's; without that line all of it
is the user's. ``{title}``, ``{section}``, ``{asked}``, ``{entries}`` and ``{sentence}`` are filled
in; a brace that is meant as such is doubled. ``{asked}`` is the first entry, ``{entries}`` the
others, one a line, each as ``column: value`` where its column is known.
"""

import re
from importlib.resources import files
from pathlib import Path

from gentap.errors import InputError, SettingError
from gentap.questions.writer_input import Entry, WriterInput

PROMPT_FIELDS = ("title", "section", "asked", "entries", "sentence")
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
_RULE = re.compile(r"^---[ \t]*$", re.MULTILINE)

Message = dict[str, str]


class Prompt:
    """A checked template; raises SettingError with the line of a mistake."""

    def __init__(self, text: str, name: str) -> None:
        for match in _PLACE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            if match[0] in "{}":
                raise SettingError(
                    f"{name}, line {line}: a single '{match[0]}'. Double a brace that is no place."
                )
            if match[1] is not None and match[1] not in PROMPT_FIELDS:
                known = ", ".join(f"{{{place}}}" for place in PROMPT_FIELDS)
                raise SettingError(
                    f"{name}, line {line}: unknown place {match[0]}. Known: {known}."
                )
        if "{sentence}" not in text:
            raise SettingError(f"{name}: has no place {{sentence}}: it would never be shown.")
        parts = _RULE.split(text, maxsplit=1)
        self._parts = list(zip(("system", "user")[-len(parts) :], parts, strict=True))

    def messages(self, source: WriterInput) -> list[Message]:
        """The chat's messages for a source; a message that is empty is left out."""
        first, *rest = source.entries or (Entry(""),)
        values = {
            "title": source.title,
            "section": source.section,
            "asked": _shown(first),
            "entries": "\n".join(map(_shown, rest)),
            "sentence": source.sentence,
        }

        def fill(match: re.Match[str]) -> str:
            return match[0][0] if match[1] is None else values[match[1]]

        filled = ((role, _PLACE.sub(fill, text).strip()) for role, text in self._parts)
        return [{"role": role, "content": content} for role, content in filled if content]


def load_prompt(file: str) -> Prompt:
    """The template of a file; the one that comes with GenTaP where none is named."""
    if not file:
        text = files("gentap.questions.writers").joinpath("prompt.txt").read_text(encoding="utf-8")
        return Prompt(text, "prompt.txt")
    try:
        return Prompt(Path(file).read_text(encoding="utf-8"), file)
    except FileNotFoundError:
        raise InputError(f"{file}: no such prompt template (write.endpoint.prompt).") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a readable UTF-8 text file: {error}.") from error


def _shown(entry: Entry) -> str:
    return f"{entry.column}: {entry.text}" if entry.column else entry.text
