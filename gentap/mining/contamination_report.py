"""What documents share with evaluation sets, counted and listed; nothing is mined."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from gentap.documents.pages import Wanted
from gentap.documents.read import read_documents
from gentap.documents.rejected import RejectedRecord
from gentap.errors import SettingError
from gentap.mining.decontaminate import Exclusions, load_exclusions
from gentap.mining.mine import find_inputs, plan_mining_shards
from gentap.records import Document
from gentap.runs.runner import run_shards
from gentap.runs.shards import Shard
from gentap.runs.store import StageFolder, Tally
from gentap.settings.sections import LOCAL, ClusterSettings, MineSettings
from gentap.text.sentences import split_sentences

PAGE = "page of an evaluation set"
TABLE = "table of an evaluation set"
ANSWER = "answer of an evaluation set"
REASONS = (PAGE, TABLE, ANSWER)


def report_overlap(
    settings: MineSettings, folder: StageFolder, workers: int, cluster: ClusterSettings = LOCAL
) -> Tally:
    """Count the pages, tables and sentences that evaluation sets hold; all of each page is read.

    Raises SettingError where no evaluation set is named.
    """
    if not settings.exclude:
        raise SettingError("mine --report-overlap: name the evaluation sets with --exclude.")
    shards = plan_mining_shards(find_inputs(settings), settings.shard_bytes)
    task = partial(_count_shard, settings=settings)
    return run_shards(
        folder.path, shards, task, {}, workers=workers, label="overlap", cluster=cluster
    )


def _count_shard(files: Sequence[Path], shard: Shard, settings: MineSettings) -> None:
    exclusions = load_exclusions(
        tuple(settings.exclude), settings.similar_table, settings.answer_words
    )
    for file in files:
        for document in read_documents(file, settings.fields, Wanted(settings.infoboxes)):
            if isinstance(document, RejectedRecord):
                shard.reject(document.where, document.reason, document.detail)
                continue
            shard.count("pages read")
            shard.count("tables read", len(document.tables))
            with shard.record(document.url):
                _count_document(document, shard, exclusions)


def _count_document(document: Document, shard: Shard, exclusions: Exclusions) -> None:
    if exclusions.holds_page(document):
        shard.reject(document.url, PAGE, document.title)
    for table in document.tables:
        if exclusions.holds_table(table):
            shard.reject(document.url, TABLE, table.caption or table.section)
    for block in document.blocks:
        if exclusions.holds_answer(block.text):
            for sentence in split_sentences(block.text):
                if exclusions.holds_answer(sentence):
                    shard.reject(document.url, ANSWER, sentence)
