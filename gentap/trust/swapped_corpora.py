"""Counterfactual copies of whole corpora, as folders of examples."""

from collections.abc import Iterable
from pathlib import Path

from gentap.documents.rejected import RejectedRecord
from gentap.records import EXAMPLE_SCHEMA, Example, digest, example_to_row
from gentap.runs.shards import Shard, prepare_shards
from gentap.runs.store import Tally
from gentap.trust.swap import swap
from gentap.trust.word_lists import WordList

NOBODY = "names nobody of the word list"
_ALL = 2**64


def write_copies(
    examples: Iterable[Example | RejectedRecord], words: WordList, folder: Path
) -> Tally:
    """Write the copies of all examples that have one, as the first part of a corpus folder."""
    prepare_shards(folder)
    with Shard(folder, 0, {"": EXAMPLE_SCHEMA}) as shard:
        for example in examples:
            if isinstance(example, RejectedRecord):
                shard.reject(example.where, example.reason, example.detail)
                continue
            with shard.record(example.id):
                shard.count("examples")
                if (found := swap(example, words)) is None:
                    shard.count(NOBODY)
                    continue
                shard.write("", example_to_row(found.copy))
                shard.count("copies")
                group = "both or neither" if found.group is None else words.groups[found.group]
                shard.count(f"of {group} before")
    return shard.tally


def share_of(examples: Iterable[Example], share: float, seed: int) -> Iterable[Example]:
    """Each example with the chance ``share``, by its id and a seed alone."""
    for example in examples:
        if int(digest("swapped", str(seed), example.id), 16) < share * _ALL:
            yield example
