"""What the questions of one mined sentence may speak of."""

from functools import cached_property

from gentap.records import Mined
from gentap.text.names import spans_of_names
from gentap.text.word_overlap import content_words, stem, words_of


class QuestionContext:
    """What the questions of one mined sentence may speak of."""

    def __init__(self, mined: Mined) -> None:
        self.mined = mined
        table = mined.table
        self.columns = [table.header[cell.column] for cell in mined.evidence]
        self.titles = [table.title, table.section, table.caption]
        values = (mined.sentence[cell.start : cell.end] for cell in mined.evidence)
        self.evidence = list({" ".join(words_of(value)): value for value in values}.values())

    @cached_property
    def _near(self) -> list[set[str]]:
        texts = [self.mined.sentence, *self.titles, *self.mined.table.header]
        return [set(words_of(text)) for text in texts]

    @cached_property
    def stems(self) -> set[str]:
        """Of sentence, titles, columns and the rows that the sentence tells."""
        told = [self.mined.table.rows[row] for row in self.mined.rows_told]
        near = {stem(word) for words in self._near for word in words}
        return near | {stem(word) for row in told for cell in row for word in words_of(cell)}

    @cached_property
    def distinctive(self) -> set[str]:
        """Stems of sentence and columns that no name, number, value or title has."""
        spans = list(spans_of_names(self.mined.sentence))
        spans += [(cell.start, cell.end) for cell in self.mined.cells]
        rest = list(self.mined.sentence)
        for start, end in spans:
            rest[start:end] = " " * (end - start)
        told = [*content_words("".join(rest)), *(w for c in self.columns for w in content_words(c))]
        titles = {stem(word) for title in self.titles for word in words_of(title)}
        return {stem(word) for word in told} - titles

    def holds_name(self, name: str) -> bool:
        """Whether all words of a name stand together in one text or cell."""
        words = set(words_of(name))
        return any(words <= unit for unit in self._near) or any(
            words.issubset(words_of(cell)) for row in self.mined.table.rows for cell in row
        )
