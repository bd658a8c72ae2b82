"""Answers drawn from a decoder's distribution, and how likely one is, from a given encoding."""

from collections.abc import Sequence

import torch

from gentap.model.search import Search, Steps


def sample_ids(
    steps: Steps, settings: Search, *, draws: int, temperature: float, top_p: float
) -> list[list[list[int]]]:
    """So many token ids for each row, without start and end; torch's generator draws them.

    Drawn from are the likeliest tokens that together have the probability ``top_p`` (Holtzman et
    al. 2020), at a temperature.
    """
    rows = len(steps.rows)
    last = torch.full((rows, 1), settings.start, device=steps.rows.device)
    written = torch.empty((rows, draws, 0), dtype=torch.long, device=last.device)
    for length in range(1, settings.max_new_tokens + 1):
        likely = _nucleus((steps.scores(last) / temperature).softmax(-1), top_p)
        if length == 1:
            likely = likely.expand(-1, draws, -1)
            steps.widen(draws)
        last = torch.multinomial(likely.flatten(0, 1), 1).view(rows, draws)
        written = torch.cat([written, last[..., None]], dim=-1)
        if bool((written == settings.end).any(-1).all()):
            break
    return [
        [ids[: ids.index(settings.end)] if settings.end in ids else ids for ids in of_row]
        for of_row in written.tolist()
    ]


def _nucleus(likely: torch.Tensor, top_p: float) -> torch.Tensor:
    """The probabilities with 0 for all but the likeliest tokens that reach ``top_p`` together."""
    ranked, places = likely.sort(dim=-1, descending=True)
    ranked = ranked.masked_fill(ranked.cumsum(-1) - ranked >= top_p, 0.0)
    return torch.zeros_like(likely).scatter(-1, places, ranked)


def probabilities(steps: Steps, settings: Search, written: Sequence[Sequence[int]]) -> list[float]:
    """The probability of the token ids of each row, their end included, by the decoder's softmax.

    It is that of the whole text, whatever else was or wasn't allowed: 1 less the probability of
    all others. Forced tokens count as sure, and at the greatest length no end is asked for. Takes
    as many steps as the longest text has tokens.
    """
    found = torch.zeros(len(written), device=steps.rows.device)
    longest = max(map(len, written), default=0)
    last = torch.full_like(steps.rows, settings.start)[:, None]
    for length in range(1, min(longest + 1, settings.max_new_tokens) + 1):
        following = steps.scores(last)[:, 0].log_softmax(dim=-1)
        goes_on = torch.tensor([length <= len(ids) + 1 for ids in written], device=found.device)
        tokens = [ids[length - 1] if length <= len(ids) else settings.end for ids in written]
        last = torch.tensor(tokens, device=found.device)[:, None]
        if settings.forced(length) is None:
            found += torch.where(goes_on, following.gather(1, last)[:, 0], 0.0)
    return found.exp().tolist()
