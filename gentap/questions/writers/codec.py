"""Sources to token ids and generated ids to questions, for writers that run a model here."""

import re
from collections.abc import Sequence
from pathlib import Path

from gentap.errors import InputError
from gentap.model.tokenizer import TableTokenizer, load_tokenizer
from gentap.questions.writer_input import (
    TAGS,
    Layout,
    TaggedText,
    WriterInput,
    load_layout,
    question_pieces,
    source_pieces,
    tagged_texts,
)
from gentap.settings.sections import LinearizerSettings

_LOOSE = re.compile(r"\s+(?=[,.?!;:)\]%]|['’]s\b)|(?<=[(\[$€£])\s+")


class Codec:
    """The tokenizer and layout of one writer's folder."""

    def __init__(self, tokenizer: TableTokenizer, layout: Layout) -> None:
        self.tokenizer, self.layout = tokenizer, layout
        vocabulary = tokenizer.hf.get_vocab()
        self._tags = {vocabulary[tag]: tag for tag in TAGS if tag in vocabulary}
        if layout.tags and not has_tags(tokenizer, layout.max_entries):
            raise InputError(
                f"This checkpoint's vocabulary has {len(self._tags)} of the tags <extra_id_0>, …; "
                f"{layout.max_entries + 1} are needed. Train with writer.tags = false."
            )

    def encode(self, source: WriterInput) -> list[int] | None:
        """The model's input; None where the sentence is longer than the model reads."""
        return self.encode_pieces(source_pieces(source, self.layout))

    def encode_pieces(self, pieces: Sequence[TaggedText]) -> list[int] | None:
        ids = self.tokenizer.linearizer.mark_texts(pieces)
        return ids if len(ids) < self.tokenizer.settings.max_tokens else None

    def encode_question(self, question: str, source: WriterInput) -> list[int]:
        pieces = question_pieces(question, source, self.layout)
        return self.tokenizer.linearizer.mark_texts(pieces, target=True)

    def pieces(self, source: WriterInput) -> list[TaggedText]:
        return source_pieces(source, self.layout)

    def decode(self, ids: Sequence[int], pieces: Sequence[TaggedText]) -> str:
        """Generated ids to the question, tags to what they stand for in the input ``pieces``."""
        texts = tagged_texts(pieces)
        said: list[str] = []
        begun = 0
        for place, token in enumerate([*ids, None]):
            if token is None or token in self._tags:
                said += self.tokenizer.texts([list(ids[begun:place])]) if place > begun else []
                begun = place + 1
            if token in self._tags:
                tag = self._tags[token]
                said.append(texts.get(tag, tag))
        return _LOOSE.sub("", " ".join(text for text in said if text))


def has_tags(tokenizer: TableTokenizer, max_entries: int) -> bool:
    """Whether a vocabulary has a tag for each entry and for the title."""
    vocabulary = tokenizer.hf.get_vocab()
    return sum(tag in vocabulary for tag in TAGS) > max_entries


def load_codec(folder: str) -> Codec:
    """The codec of a writer's folder, or of any model that reads the layout without tags."""
    return Codec(load_tokenizer(folder, LinearizerSettings()), load_layout(folder))


def writer_name(folder: str) -> str:
    """What stands for a writer in the questions' records: its folder's name and fingerprint."""
    from gentap.runs.store import is_done, read_marker

    path = Path(folder)
    name = path.resolve().name if path.is_dir() else folder
    return f"{name}@{read_marker(path).fingerprint}" if is_done(path) else name
