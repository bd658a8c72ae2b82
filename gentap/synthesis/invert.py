"""Reading comprehension, inverted: a sentence and its entries in, the question out.

The writer's input is the same for a reading-comprehension passage and for a mined sentence::

    <title> Suez Canal <entry> 1869 <entry> Ferdinand de Lesseps <sentence> Ferdinand de Lesseps
    opened the canal in 1869.

and its output is the question, ``When did Ferdinand de Lesseps open the canal?``. The first entry
is what is asked for: a passage's answer, or one of the named cells of a mined sentence. The other
entries are the names and numbers of the passage's sentence, or the other named cells.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from gentap.errors import InputError
from gentap.records import Mined, digest
from gentap.settings import WriterSettings
from gentap.store import Shard, StageFolder, Tally, merge_shards, prepare_shards
from gentap.synthesis.sentences import sentence_spans
from gentap.tables.linearize import ENTRY, SENTENCE, TITLE

PAIR_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field(
            "pieces",
            pa.list_(pa.struct([pa.field("mark", pa.string()), pa.field("text", pa.string())])),
        ),
        pa.field("target", pa.string()),
    ]
)
_NAMES = re.compile(r"[A-Z][\w’'.-]*(?: (?:of |de |the )?[A-Z][\w’'.-]*)*|\d[\d,.]*\d|\d")

Piece = tuple[str, str]


def writer_pieces(title: str, entries: Sequence[str], sentence: str) -> list[Piece]:
    """The writer's input as marks and texts; see the module's example."""
    return [(TITLE, title), *((ENTRY, entry) for entry in entries), (SENTENCE, sentence)]


def mined_pieces(mined: Mined, seed: int, max_entries: int) -> list[Piece]:
    """The writer's input for a mined sentence; the entry asked for is drawn by seed and id."""
    row = [cell for cell in mined.cells if cell.row == mined.row]
    rest = [cell for cell in mined.cells if cell.row != mined.row]
    asked = int(digest("asked", str(seed), mined.id), 16) % len(row)
    cells = [row[asked], *row[:asked], *row[asked + 1 :], *rest]
    texts = dict.fromkeys(mined.sentence[cell.start : cell.end] for cell in cells)
    return writer_pieces(mined.table.title, list(texts)[:max_entries], mined.sentence)


def invert(paths: Sequence[Path], settings: WriterSettings, folder: StageFolder) -> Tally:
    """Turn SQuAD-layout files into pairs below ``folder``: ``pairs/train`` and ``pairs/dev``.

    Whole articles are held out for ``dev``. Raises InputError where a file is not in that layout.
    """
    articles = [article for path in paths for article in read_articles(path)]
    held_out = min(round(settings.held_out * len(articles)), len(articles) - 1)
    order = sorted(articles, key=lambda article: digest("held out", article["title"]))
    dev = {article["title"] for article in order[:held_out]}
    prepare_shards(folder.path)
    with Shard(folder.path, 0, {"pairs/train": PAIR_SCHEMA, "pairs/dev": PAIR_SCHEMA}) as shard:
        for article in articles:
            output = "pairs/dev" if article["title"] in dev else "pairs/train"
            for row in _article_pairs(article, shard, settings.max_entries):
                shard.write(output, row)
    return merge_shards(folder.path, 1)


def read_articles(path: Path) -> list[dict[str, Any]]:
    """The articles of a file in SQuAD layout (1.1 or 2.0)."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        articles = content["data"]
        for article in articles:
            if not isinstance(article["title"], str) or not isinstance(article["paragraphs"], list):
                raise TypeError("'title' must be a text and 'paragraphs' a list")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: not a reading-comprehension file in SQuAD layout "
            f'({{"data": [{{"title", "paragraphs"}}]}}): {error!r}.'
        ) from error
    if not articles:
        raise InputError(f"{path}: holds no articles.")
    return list(articles)


def _article_pairs(
    article: dict[str, Any], shard: Shard, max_entries: int
) -> Iterator[dict[str, Any]]:
    title = article["title"].replace("_", " ")
    for number, paragraph in enumerate(article["paragraphs"]):
        place = f"{title}:{number}"
        try:
            context, questions = paragraph["context"], list(paragraph["qas"])
            spans = list(sentence_spans(context))
        except (KeyError, TypeError) as error:
            shard.reject(place, "bad paragraph", repr(error))
            continue
        for qa in questions:
            where = place
            try:
                where = str(qa.get("id", place))
                if qa.get("is_impossible") or not qa.get("answers"):
                    shard.reject(where, "unanswerable question")
                    continue
                first, question = qa["answers"][0], " ".join(qa["question"].split())
                answer, start = str(first["text"]), int(first["answer_start"])
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                shard.reject(where, "bad question record", repr(error))
                continue
            if not answer or context[start : start + len(answer)] != answer:
                shard.reject(where, "answer not at its offset", answer)
                continue
            inside = [span for span in spans if span[0] <= start < span[1]]
            if not inside or start + len(answer) > inside[0][1]:
                shard.reject(where, "answer over several sentences", answer)
                continue
            sentence = " ".join(context[slice(*inside[0])].split())
            pieces = writer_pieces(title, entries_of(sentence, answer, max_entries), sentence)
            yield {
                "id": where,
                "pieces": [{"mark": mark, "text": text} for mark, text in pieces],
                "target": question,
            }


def entries_of(sentence: str, answer: str, limit: int) -> list[str]:
    """The answer, then the names and numbers of its sentence that do not touch it."""
    start = sentence.find(answer)
    touched = range(start, start + len(answer))
    entries = {answer: None}
    for match in _NAMES.finditer(sentence):
        first_word = match.start() == 0 and " " not in match[0] and not match[0][0].isdigit()
        if not first_word and not (set(touched) & set(range(*match.span()))):
            entries.setdefault(match[0].rstrip(".,"))
    return list(entries)[:limit]
