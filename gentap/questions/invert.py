"""Annotated questions, inverted: the sentence that answers and its entries in, the question out.

Reading comprehension in SQuAD layout gives the sentence that holds the answer and the answer as the
entry asked for. Annotated table questions (FeTaQA) give the answer sentence and the highlighted
cells that it names. Both become the :class:`~gentap.questions.writer_input.WriterInput` that a
mined sentence becomes, through the same code.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import read_text_file
from gentap.documents.annotated.reading import read_questions
from gentap.documents.rejected import reading_told
from gentap.errors import InputError
from gentap.questions.writer_input import (
    Layout,
    TaggedText,
    WriterInput,
    gather,
    question_pieces,
    save_layout,
    source_pieces,
)
from gentap.records import PAIR_SCHEMA, Cell, Example, digest
from gentap.runs.console import say
from gentap.runs.shards import Shard, merge_shards, prepare_shards
from gentap.runs.store import StageFolder, Tally
from gentap.settings.training_sections import WriterSettings
from gentap.text.sentences import sentence_spans
from gentap.text.word_overlap import find_value

_KIND_ASKED = re.compile(
    r"(?:(?:in|on|at|to|for|from|by|of|with|during|under) )?(?:what|which) ((?:[a-z-]+ ){1,2}?)"
    r"(?:is|was|are|were|did|does|do|has|have|had|can|could|will|would)\b",
    re.I,
)
_NO_KINDS = frozenset("else other type kind sort name of the".split())

InvertedPair = tuple[str, WriterInput, str]
"""An id, what the question is written from, and the question."""


def invert(
    paths: Sequence[Path],
    annotated: Sequence[Path],
    settings: WriterSettings,
    folder: StageFolder,
    *,
    tags: bool,
) -> Tally:
    """Turn annotated questions into pairs below ``folder``: ``pairs/train`` and ``pairs/dev``.

    Whole articles, and all questions of a page, are held out for ``dev``. The layout that the
    pairs are in, with ``tags`` or without, is saved beside them. Raises InputError where a file is
    not in its layout.
    """
    articles = [article for path in paths for article in read_articles(path)]
    questions = read_questions(annotated)
    examples, unread = questions.examples, questions.unread
    for line in reading_told(unread, "annotated "):
        say(f"questions train: {line}")
    dev = _held_out([_title(article) for article in articles], settings.held_out)
    dev_pages = _held_out([example.table.title for example in examples], settings.held_out)
    layout = Layout(
        max_entries=settings.max_entries,
        tags=tags,
        heads=True,
        sections=any(example.table.section for example in examples),
    )
    prepare_shards(folder.path)
    with Shard(folder.path, 0, {"pairs/train": PAIR_SCHEMA, "pairs/dev": PAIR_SCHEMA}) as shard:
        for one in unread.listed:
            shard.reject(one.where, one.reason, one.detail)
        shard.tally.rejected.update(unread.counts - Counter(one.reason for one in unread.listed))
        for article in articles:
            output = "pairs/dev" if _title(article) in dev else "pairs/train"
            for where, asked in _asked(article, shard):
                with shard.record(where):
                    if pair := _reading_pair(*asked, where, shard, settings):
                        shard.write(output, _row("reading", pair, layout))
        for example in examples:
            output = "pairs/dev" if example.table.title in dev_pages else "pairs/train"
            with shard.record(example.id):
                found = annotated_source(example, settings.max_entries)
                if found is None:
                    shard.reject(example.id, "no evidence cell in the answer", example.answer)
                else:
                    pair = (example.id, found, example.question)
                    shard.write(output, _row("annotated", pair, layout))
    save_layout(layout, folder.path)
    return merge_shards(folder.path)


def _row(origin: str, pair: InvertedPair, layout: Layout) -> dict[str, Any]:
    identity, source, question = pair

    def rows(pieces: Sequence[TaggedText]) -> list[dict[str, str]]:
        return [{"mark": mark, "text": text} for mark, text in pieces]

    return {
        "id": identity,
        "origin": origin,
        "pieces": rows(source_pieces(source, layout)),
        "target_pieces": rows(question_pieces(question, source, layout)),
        "target": question,
    }


def _held_out(titles: Sequence[str], share: float) -> set[str]:
    """The titles held out, at least one less than there are."""
    different = sorted(set(titles), key=lambda title: digest("held out", title))
    return set(different[: max(0, min(round(share * len(different)), len(different) - 1))])


def _title(article: dict[str, Any]) -> str:
    return str(article["title"]).replace("_", " ")


def read_articles(path: Path) -> list[dict[str, Any]]:
    """The articles of a file in SQuAD layout (1.1 or 2.0), packed or not.

    Raises InputError where the file is not in that layout.
    """
    text = read_text_file(path)
    try:
        content = json.loads(text)
        articles = content["data"]
        for article in articles:
            if not isinstance(article["title"], str) or not isinstance(article["paragraphs"], list):
                raise TypeError("'title' must be a text and 'paragraphs' a list")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path}: not a reading-comprehension file in SQuAD layout "
            f'({{"data": [{{"title", "paragraphs"}}]}}): {error!r}.'
        ) from error
    if not articles:
        raise InputError(f"{path}: holds no articles.")
    return list(articles)


AskedValue = tuple[str, dict[str, Any], str, list[tuple[int, int]]]
"""An article's title, a question's entry, its paragraph, and where that one's sentences stand."""


def _asked(article: dict[str, Any], shard: Shard) -> Iterator[tuple[str, AskedValue]]:
    """The questions of an article, each with its place."""
    title = _title(article)
    for number, paragraph in enumerate(article["paragraphs"]):
        place = f"{title}:{number}"
        found: list[tuple[str, AskedValue]] = []
        with shard.record(place):
            try:
                context, questions = paragraph["context"], list(paragraph["qas"])
                spans = list(sentence_spans(context))
            except (KeyError, TypeError) as error:
                shard.reject(place, "bad paragraph", repr(error))
                continue
            for qa in questions:
                where = str(qa.get("id", place)) if isinstance(qa, dict) else place
                found.append((where, (title, qa, context, spans)))
        yield from found


def _reading_pair(
    title: str,
    qa: dict[str, Any],
    context: str,
    spans: Sequence[tuple[int, int]],
    where: str,
    shard: Shard,
    settings: WriterSettings,
) -> InvertedPair | None:
    """What a question of a passage is written from; None where it is set aside."""
    try:
        if qa.get("is_impossible") or not qa.get("answers"):
            shard.reject(where, "unanswerable question")
            return None
        first, question = qa["answers"][0], " ".join(qa["question"].split())
        answer, start = str(first["text"]), int(first["answer_start"])
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        shard.reject(where, "bad question record", repr(error))
        return None
    if not answer.strip() or start < 0 or not context.startswith(answer, start):
        shard.reject(where, "answer not at its offset", answer)
        return None
    inside = [span for span in spans if span[0] <= start < span[1]]
    if not inside or start + len(answer) > inside[0][1]:
        shard.reject(where, "answer over several sentences", answer)
        return None
    if len(answer.split()) > settings.max_answer_words:
        shard.reject(where, "answer too long for an entry", answer)
        return None
    before = " ".join(context[inside[0][0] : start].split())
    sentence = " ".join(context[slice(*inside[0])].split())
    value = " ".join(answer.split())
    begin = sentence.index(value, len(before))
    span = (begin, begin + len(value), column_of(question, where))
    entries = gather(sentence, [span], settings.max_entries)
    return where, WriterInput(sentence=sentence, entries=entries, title=title), question


def column_of(question: str, identity: str) -> str:
    """What a question calls the thing it asks for: ``year`` of ``In what year did …``.

    It stands for the name of a column, which passages lack. Left out for half of the questions, by
    their id, for a column's name need not be the question's word.
    """
    match = _KIND_ASKED.match(question)
    kind = match[1].strip() if match else ""
    if not kind or set(kind.split()) & _NO_KINDS or int(digest("column", identity), 16) % 2:
        return ""
    return kind


def annotated_source(example: Example, limit: int) -> WriterInput | None:
    """What an annotated question can be written from; None where its answer names no evidence.

    Asked for is the first evidence that the question does not name, and with it what else of its
    column the question does not name.
    """
    table, sentence = example.table, example.answer
    spans: dict[tuple[int, int], Cell] = {}
    for cell in example.cells:
        value = table.text_at(cell)
        if span := find_value(sentence, value):
            spans.setdefault(span, cell)
    if not spans or example.kind != "long":
        return None
    hidden = [
        span for span in spans if find_value(example.question, sentence[slice(*span)]) is None
    ]
    first, *others = hidden or spans
    column = spans[first].column
    asked = [first, *(span for span in others if spans[span].column == column and hidden)]
    ordered = [*asked, *(span for span in spans if span not in asked)]
    evidence = [(start, end, table.header[spans[start, end].column]) for start, end in ordered]
    return WriterInput(
        sentence=sentence,
        entries=gather(sentence, evidence, limit),
        asked=min(len({sentence[slice(*span)] for span in asked}), limit),
        title=table.title,
        section=table.section,
    )
