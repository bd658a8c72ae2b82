"""Greedy and beam search over a decoder, from an encoding that is given.

The answers are those of transformers' ``generate``; the work is less. Rows whose answer is found
leave the batch, and the keys and values of the input, which are the same for all beams of a row,
are not copied about with the beams.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch

Tree = Mapping[int, "Tree"]
"""A prefix tree over token ids: what may come next, and what then."""

_NEVER = -1e9
_CROWDED = 0.75
"""Found rows leave the batch once no more than this share of it is still sought."""


@dataclass(frozen=True, slots=True)
class Search:
    """How to search; ``length_penalty`` is the power of the length that scores are divided by.

    ``first`` and ``last`` are forced: the first token, and the one at the greatest length (BART).
    """

    start: int
    end: int
    beams: int = 1
    max_new_tokens: int = 64
    min_new_tokens: int = 0
    length_penalty: float = 1.0
    first: int | None = None
    last: int | None = None

    def forced(self, length: int) -> int | None:
        """The token that must stand in this place, counted from 1."""
        if length == self.max_new_tokens and self.last is not None:
            return self.last
        return self.first if length == 1 else None


class Steps(Protocol):
    """Runs a decoder over an encoding token by token, for all beams of each row.

    ``rows`` says which row of the encoding each row of the batch is.
    """

    rows: torch.Tensor

    def scores(self, last: torch.Tensor) -> torch.Tensor:
        """Logits (rows, beams, vocabulary) in fp32 of what follows the last ids (rows, beams)."""

    def widen(self, beams: int) -> None:
        """Go on with so many beams in the place of each one."""

    def keep(self, rows: torch.Tensor, beams: int) -> None:
        """Go on with these rows of the batch alone."""

    def follow(self, parents: torch.Tensor) -> None:
        """Let each beam go on from its parent (rows, beams), a beam of the same row."""


def search(
    steps: Steps,
    settings: Search,
    trees: Sequence[Tree] | None = None,
) -> list[list[int]]:
    """The best token ids for each row of an encoding, without start and end.

    With ``trees``, one a row, only
    what the row's tree allows is written, to the depth of the deepest and whatever is forced.
    """
    if trees is not None:
        deepest = max((_depth(tree) for tree in trees), default=1)
        settings = replace(settings, max_new_tokens=deepest, min_new_tokens=0)
    if settings.beams > 1:
        return [found[0] for found in _beams(steps, settings, trees)]
    return [_until(ids, settings.end) for ids in _greedy(steps, settings, trees)]


def search_several(steps: Steps, settings: Search, wanted: int) -> list[list[list[int]]]:
    """So many token ids for each row, at most as many as there are beams, best first."""
    if settings.beams == 1:
        return [[ids] for ids in search(steps, settings)]
    return [found[:wanted] for found in _beams(steps, settings, None)]


def _greedy(steps: Steps, settings: Search, trees: Sequence[Tree] | None) -> list[list[int]]:
    written: list[list[int]] = [[] for _ in steps.rows]
    nodes = None if trees is None else [[tree] for tree in trees]
    last = torch.full_like(steps.rows, settings.start)[:, None]
    for length in range(1, settings.max_new_tokens + 1):
        last = _allowed(steps.scores(last), nodes, settings, length).argmax(dim=-1)
        ids = last[:, 0].tolist()
        sought = []
        for place, (row, token) in enumerate(zip(steps.rows.tolist(), ids, strict=True)):
            if written[row][-1:] != [settings.end]:
                written[row].append(token)
                if token != settings.end:
                    sought.append(place)
        if not sought:
            break
        nodes = nodes and [[node.get(token, {})] for [node], token in zip(nodes, ids, strict=True)]
        if len(sought) <= _CROWDED * len(ids):
            chosen = torch.tensor(sought, device=last.device)
            steps.keep(chosen, beams=1)
            last = last[chosen]
            nodes = nodes and [nodes[place] for place in sought]
    return written


def _beams(steps: Steps, settings: Search, trees: Sequence[Tree] | None) -> list[list[list[int]]]:
    """Beam search that keeps the best ended answers of each row, as many as there are beams.

    A row is done when its best open beam, at its present length, scores no better than the worst
    of them. Twice as many candidates as beams are looked at, so that ended ones leave enough open.
    """
    count, width, device = len(steps.rows), settings.beams, steps.rows.device
    nodes = None if trees is None else [[tree] for tree in trees]
    ids = torch.full((count, 1, 1), settings.start, device=device)
    scores = torch.zeros((count, 1), device=device)
    best_ids = torch.full((count, width, settings.max_new_tokens), settings.end, device=device)
    best = torch.full((count, width), _NEVER, device=device)
    written: list[list[list[int]]] = [[] for _ in range(count)]
    for length in range(1, settings.max_new_tokens + 1):
        following = steps.scores(ids[..., -1]).log_softmax(dim=-1)
        following = _allowed(following, nodes, settings, length)
        # The best candidates of each row, over its beams and the vocabulary at once.
        vocabulary = following.shape[-1]
        ranked, places = (following + scores[..., None]).flatten(1).topk(2 * width)
        parents, tokens = places // vocabulary, places % vocabulary
        longer = torch.cat([_gather(ids, parents), tokens[..., None]], dim=-1)
        last_chance = length == settings.max_new_tokens
        ended = tokens == settings.end if not last_chance else torch.ones_like(tokens).bool()
        weight = length**settings.length_penalty

        # Those that ended join the row's best answers, by their score at this length.
        answers = torch.full_like(best_ids, settings.end)
        answers[..., :length] = longer[:, :width, 1:]
        reached = torch.where(ended[:, :width], ranked[:, :width] / weight, 2 * _NEVER)
        best, order = torch.cat([best, reached], dim=1).topk(width)
        best_ids = _gather(torch.cat([best_ids, answers], dim=1), order)

        # The best of the others are the open beams.
        scores, order = torch.where(ended, ranked + _NEVER, ranked).topk(width)
        ids, parents = _gather(longer, order), parents.gather(1, order)
        # A row goes on while an open beam may still beat the worst of its answers.
        hopeful = (scores[:, 0] / weight > best[:, -1]) & (not last_chance)
        sought = []
        for place, goes_on in enumerate(hopeful.tolist()):
            row = int(steps.rows[place])
            if not written[row]:
                if goes_on:
                    sought.append(place)
                else:
                    ended_ids = best_ids[place].tolist()
                    written[row] = [_until(ids, settings.end) for ids in ended_ids]
        if not sought:
            break
        nodes = nodes and [
            [nodes[row][parent].get(token, {}) for parent, token in zip(*beams, strict=True)]
            for row, beams in enumerate(zip(parents.tolist(), ids[..., -1].tolist(), strict=True))
        ]
        if length == 1:
            steps.widen(width)
        if len(sought) <= _CROWDED * len(hopeful):
            chosen = torch.tensor(sought, device=device)
            steps.keep(chosen, width)
            ids, scores, parents = ids[chosen], scores[chosen], parents[chosen]
            best, best_ids = best[chosen], best_ids[chosen]
            nodes = nodes and [nodes[place] for place in sought]
        if length > 1:
            steps.follow(parents)
    return written


def flat_places(rows: torch.Tensor, beams: torch.Tensor) -> torch.Tensor:
    """Places in the flat batch of the beams (rows, beams) of these rows."""
    return (rows[:, None] * beams.shape[1] + beams).flatten()


def _gather(values: torch.Tensor, beams: torch.Tensor) -> torch.Tensor:
    """The values (rows, beams, length) of these beams (rows, wanted)."""
    return values.gather(1, beams[..., None].expand(-1, -1, values.shape[-1]))


def _allowed(
    scores: torch.Tensor,
    nodes: Sequence[Sequence[Tree]] | None,
    settings: Search,
    length: int,
) -> torch.Tensor:
    """The scores (rows, beams, vocabulary) with -inf for all that may not follow.

    Without nodes everything may, unless one token is forced, which scores 0, or it is too early to
    end.
    """
    forced = settings.forced(length)
    if nodes is None and forced is None:
        if length <= settings.min_new_tokens:
            scores = scores.clone()
            scores[..., settings.end] = -torch.inf
        return scores
    barred = torch.full_like(scores, -torch.inf)
    if nodes is None:
        barred[..., forced] = 0.0
        return barred
    places = [
        (row, beam, token)
        for row, of_row in enumerate(nodes)
        for beam, node in enumerate(of_row)
        for token in node
    ]
    if places:
        rows, beams, tokens = torch.tensor(places, device=scores.device).T
        barred[rows, beams, tokens] = scores[rows, beams, tokens]
    return barred


def _depth(tree: Tree) -> int:
    return 1 + max(map(_depth, tree.values())) if tree else 0


def _until(ids: Sequence[int], end: int) -> list[int]:
    return list(ids[: ids.index(end)] if end in ids else ids)
