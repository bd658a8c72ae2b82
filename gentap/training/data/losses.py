"""What training does not see of its examples, told by reason."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from gentap.runs.store import OF_DEV

EMPTY_TARGET = "answer without a token"
LONG_TARGET = "answer too long to learn from"
LONG_TABLE = "sampled table too long for the model"
LONG_QUESTION = "question too long for the model"
CUT_EVIDENCE = "examples whose evidence was cut"
LONG_SENTENCE = "sentence too long to stand before its table"
LONG_VALUES = "sentence whose cells do not fit its window"
WINDOWS = "windows"

_REMEDIES = {
    EMPTY_TARGET: "give these an answer",
    LONG_TARGET: "raise max_target_tokens",
    LONG_TABLE: "raise linearizer.max_tokens",
    LONG_QUESTION: "raise linearizer.max_tokens",
    CUT_EVIDENCE: "raise linearizer.max_tokens",
    LONG_SENTENCE: "raise linearizer.max_question_tokens and base.window",
    LONG_VALUES: "raise base.window",
    "question without a token": "give these a question",
    "question too long to learn from": "raise max_target_tokens or linearizer.max_tokens",
    "sentence too long for the model": "raise linearizer.max_tokens",
}
_NOTABLE = 0.05


def losses_told(stats: Mapping[str, Any]) -> list[str]:
    """A line for each reason that examples were left out or cut for, of a training's stats.

    More than 5% of all are a warning that names the setting to raise. Those of dev are told apart.
    """
    counts, rejected = Counter(stats.get("counts", {})), Counter(stats.get("rejected", {}))
    dev = stats.get(OF_DEV, {})
    dev_counts, dev_rejected = Counter(dev.get("counts", {})), Counter(dev.get("rejected", {}))
    examples = sum(stats.get("examples", {}).values())
    own = _told(counts - dev_counts, rejected - dev_rejected, examples)
    return own + _told(dev_counts, dev_rejected, 0, "dev: ")


def _told(counts: Counter[str], rejected: Counter[str], examples: int, of: str = "") -> list[str]:
    lost = rejected + Counter({CUT_EVIDENCE: counts[CUT_EVIDENCE]})
    windows = sum(count for name, count in counts.items() if name.endswith(f" {WINDOWS}"))
    total = (counts["examples"] or windows or examples) + rejected.total()
    lines = []
    for reason, count in lost.items():
        if count:
            line = f"{of}{reason}: {count:,} of {total:,}"
            if reason in _REMEDIES and count > _NOTABLE * total:
                line = f"warning: {line} ({count / total:.0%}): {_REMEDIES[reason]}"
            lines.append(line)
    return lines
