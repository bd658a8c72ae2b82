"""What a model gives away of its training examples.

*Membership inference by loss* (Yeom et al. 2018): an attacker who takes the examples of least loss
for those that were trained on. The area under the ROC curve is the chance that a member's loss is
below another's: 50% where nothing is given away.

*Exposure* (Carlini et al. 2019): by how many bits a canary's secret is easier to guess from the
model than by chance: log2 of the number of secrets, less log2 of the secret's rank by loss.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gentap.errors import InputError
from gentap.records import Example
from gentap.runs.counting import counted
from gentap.runs.runner import Progress
from gentap.settings.sections import LinearizerSettings
from gentap.trust.canaries import SECRETS, other_secrets, secret_of

_SAMPLES = 1_000
_IGNORED = -100
Losses = NDArray[np.float64]


class LossReader:
    """The loss of single examples: minus the mean log-likelihood of an answer's tokens.

    Raises InputError where there is no model.
    """

    def __init__(self, model: str, batch_size: int = 16) -> None:
        from gentap.model.device import best_device
        from gentap.model.loading.load import load_table_model
        from gentap.model.tokenizer import load_tokenizer

        self._tokenizer = load_tokenizer(model, LinearizerSettings())
        network: Any = load_table_model(model, tokenizer=self._tokenizer)
        self._network = network.to(best_device()).eval()
        self._batch_size = batch_size

    def losses(self, examples: Sequence[Example], label: str) -> Losses:
        """In the examples' order."""
        linearizer = self._tokenizer.linearizer
        pairs = [
            (
                linearizer.encode(one.question, one.table, one.cells).ids,
                self._tokenizer.target_ids(one.answer),
            )
            for one in examples
        ]
        order = sorted(
            range(len(pairs)), key=lambda place: (examples[place].kind, len(pairs[place][0]))
        )
        found = np.zeros(len(pairs))
        progress = Progress(label, len(pairs), "examples")
        while order:
            kind = examples[order[0]].kind
            taken = [place for place in order[: self._batch_size] if examples[place].kind == kind]
            order = order[len(taken) :]
            found[taken] = self._of_batch([pairs[place] for place in taken], kind)
            progress.advance(len(taken))
        return found

    def _of_batch(self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]], kind: str) -> Any:
        import torch

        from gentap.model.generate import pad

        device = self._network.device
        ids, mask = pad([source for source, _ in pairs], self._tokenizer.hf.pad_token_id)
        labels, there = pad([target for _, target in pairs], 0)
        labels[there == 0] = _IGNORED
        with torch.inference_mode():
            logits = self._network(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                labels=labels.to(device),
                decoder=kind,
            ).logits.float()
        nll = torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), labels.to(device), ignore_index=_IGNORED, reduction="none"
        )
        return (nll.sum(1).cpu() / there.sum(1)).numpy()


def area_under_roc(members: Losses, others: Losses) -> float:
    """The chance, in percent, that a member's loss is below another's; ties count half."""
    ranked = np.sort(others)
    below = np.searchsorted(ranked, members, side="right")
    tied = below - np.searchsorted(ranked, members, side="left")
    return float(100 * (len(others) - below + tied / 2).mean() / len(others))


def area_interval(members: Losses, others: Losses, seed: int = 1) -> tuple[float, float]:
    """The middle 95% of the areas of resampled members and others."""
    generator = np.random.default_rng(seed)
    areas = [
        area_under_roc(
            generator.choice(members, len(members)), generator.choice(others, len(others))
        )
        for _ in range(_SAMPLES)
    ]
    low, high = np.percentile(areas, [2.5, 97.5])
    return float(low), float(high)


def check_sides(members: Sequence[Example], others: Sequence[Example]) -> None:
    """Raises InputError where a side is empty, or an example is on both."""
    for name, side in (("--members", members), ("--others", others)):
        if len(side) < 2:
            raise InputError(
                f"audit: {name} holds {counted(len(side), 'example')}: give two or more."
            )
    both = {(one.question, one.answer) for one in members} & {
        (one.question, one.answer) for one in others
    }
    if both:
        told = f"{counted(len(both), 'example')} {'is' if len(both) == 1 else 'are'}"
        raise InputError(
            f"audit: {told} among --members and --others, such as "
            f"{min(both)[0]!r}. Give others that the model was not trained on."
        )


def exposures(
    reader: LossReader, canaries: Sequence[Example], candidates: int = 100
) -> list[float]:
    """Each canary's exposure in bits, its secret ranked among so many others drawn evenly."""
    found = []
    for canary in canaries:
        secret = secret_of(canary)
        step = SECRETS // candidates
        others = [code for code in range(secret % step, SECRETS, step) if code != secret]
        losses = reader.losses([canary, *other_secrets(canary, others)], canary.id)
        rank = 1 + int((losses[1:] < losses[0]).sum())
        found.append(math.log2(len(losses)) - math.log2(rank))
    return found
