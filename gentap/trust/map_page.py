"""The map of cells as one HTML file that needs nothing else: two pictures, their colours, and on
hover the cell with its row."""

import html
from collections import Counter
from importlib.resources import files
from string import Template
from typing import Any

from gentap.runs.counting import counted
from gentap.runs.page_style import embedded_json, page_head, without_surrogates
from gentap.trust.cell_map import NEIGHBOURS, CellEmbeddings, flattened, neighbour_shares

_ASSETS = files("gentap.trust") / "assets"
_COLOURS = 6
"""Groups that have a colour of their own, the most frequent ones; all others are grey."""
_LONGEST = 80


def map_page(
    model: str, found: CellEmbeddings, perplexity: float, seed: int
) -> tuple[str, dict[str, list[float]]]:
    """The page, and the shares of like neighbours before and after, by what they are alike in."""
    cells = found.cells
    shares = [neighbour_shares(points, cells) for points in (found.before, found.after)]
    told = {name: [round(side[name], 1) for side in shares] for name in shares[0]}
    data = {
        "before": flattened(found.before, perplexity, seed),
        "after": flattened(found.after, perplexity, seed),
        "colourings": [_colouring(found, name) for name in told],
        "cells": [
            {
                "text": _short(cell.text),
                "page": _short(cell.page),
                "row": [
                    [_short(name), _short(text)]
                    for name, text in zip(cell.header, cell.row, strict=True)
                ],
                "column": _short(cell.column),
            }
            for cell in cells
        ],
    }
    facts = [
        f"{counted(len(cells), 'cell')} of {counted(found.tables, 'table')}",
        f"{counted(found.seen, 'table')} in all",
        f"t-SNE, perplexity {perplexity:g}, seed {seed}",
    ]
    script = '\n"use strict";\n' + (_ASSETS / "map.js").read_text(encoding="utf-8")
    title = f"{model}: a map of cells"
    page = Template((_ASSETS / "map.html").read_text(encoding="utf-8")).substitute(
        head=page_head(title, (_ASSETS / "map.css").read_text(encoding="utf-8"), script),
        title=html.escape(title),
        facts=html.escape(" · ".join(facts)),
        neighbours=NEIGHBOURS,
        shares="".join(
            f'<tr><th scope="row">{html.escape(name)}</th><td>{before:.1f}%</td>'
            f"<td>{after:.1f}%</td></tr>"
            for name, (before, after) in told.items()
        ),
        data=embedded_json(data),
        script=script,
    )
    return without_surrogates(page), told


def _colouring(found: CellEmbeddings, name: str) -> dict[str, Any]:
    """What groups have a colour, and each cell's group; -1 for the others."""
    labels = [cell.labels[name] for cell in found.cells]
    counted = Counter(labels)
    common = sorted(counted, key=lambda label: (-counted[label], label))[:_COLOURS]
    places = {label: place for place, label in enumerate(common)}
    return {
        "name": name,
        "groups": [[_short(label), counted[label]] for label in common],
        "others": len(labels) - sum(counted[label] for label in common),
        "of": [places.get(label, -1) for label in labels],
    }


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
