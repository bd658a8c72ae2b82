"""Pages of every kind of damage: nothing raises, and tables are those of the table model."""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from random import Random

import pytest
from page_mutations import encoded, mutated, tree_of
from slow_reader import read_tree
from test_html import PAGES, contents, real_pages

from gentap.documents.charset import decode, to_utf8
from gentap.documents.markup.html import may_hold_tables, read_html


def check(html: str, seed: int) -> None:
    """Break a page by a seed and read it in both ways."""
    random = Random(seed)
    content = encoded(mutated(html, random, random.randrange(1, 12)), random)
    infoboxes = bool(seed % 2)
    page = to_utf8(content)
    document = read_html(page, "u", infoboxes=infoboxes)
    expected = read_tree(tree_of(decode(content)), infoboxes)
    assert contents(document.tables) == expected, f"seed {seed}"
    assert may_hold_tables(page) or not expected, f"seed {seed}"
    assert all(block.text.strip() and "\x01" not in block.text for block in document.blocks)


def pages_of(shared: Callable[[str], Path]) -> Iterator[str]:
    for shard in range(4):
        for _, html in real_pages(shared(f"pages/wikipedia-0000{shard}-of-00004.warc.gz")):
            yield html


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_broken_pages_of_the_project_equal_the_table_model(path: Path) -> None:
    html = path.read_text(encoding="utf-8")
    for seed in range(8):
        check(html, seed)


def test_broken_real_pages_equal_the_table_model(shared: Callable[[str], Path]) -> None:
    for seed, html in enumerate(islice(pages_of(shared), 0, 1520, 20)):
        check(html, seed)


@pytest.mark.slow
def test_thousands_of_broken_pages_equal_the_table_model(shared: Callable[[str], Path]) -> None:
    seeds = chain.from_iterable(range(start, start + 3) for start in range(0, 6000, 3))
    for html in pages_of(shared):
        for seed in islice(seeds, 3):
            check(html, seed)
