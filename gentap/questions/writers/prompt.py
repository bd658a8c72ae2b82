"""The prompt of a chat endpoint that writes questions.

``{title}``, ``{section}``, ``{asked}``, ``{entries}`` and ``{sentence}`` are filled in: ``{asked}``
are the entries asked for, ``{entries}`` the others, one a line, each as ``column: value`` where its
column is known.
"""

from gentap.model.chat.prompt_template import Message, PromptTemplate, load_template
from gentap.questions.writer_input import Entry, WriterInput

_FIELDS = ("title", "section", "asked", "entries", "sentence")
_NEEDED = ("sentence",)
_OURS = ("gentap.questions.writers", "prompt.txt")


def load_prompt(file: str) -> PromptTemplate:
    """The template of a file; the one that comes with GenTaP where none is named."""
    return load_template(file, _OURS, "write.endpoint.prompt", _FIELDS, _NEEDED)


def writer_messages(template: PromptTemplate, source: WriterInput) -> list[Message]:
    """The chat's messages for a source."""
    asked, rest = source.entries[: source.asked], source.entries[source.asked :]
    return template.messages(
        {
            "title": source.title,
            "section": source.section,
            "asked": "\n".join(map(_shown, asked)),
            "entries": "\n".join(map(_shown, rest)),
            "sentence": source.sentence,
        }
    )


def _shown(entry: Entry) -> str:
    return f"{entry.column}: {entry.text}" if entry.column else entry.text
