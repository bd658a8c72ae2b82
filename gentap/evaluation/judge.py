"""A chat endpoint of the user's as a judge: it rates each answer's faithfulness and completeness.

Both are rated from 1 to 5 against table and reference, by a prompt that is a file, and given in
percent (1 is 0, 5 is 100). Off unless an address is named. What judges say agrees with people more
than any metric here does, and still not by much: docs/evaluation.md has the figures.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import replace

import numpy as np

from gentap.errors import SettingError
from gentap.evaluation.metrics.scoring import MAX_SCORED_CHARACTERS, Scored
from gentap.evaluation.metrics.statistics import Statistics, ratio_statistics
from gentap.model.chat.chat_client import ChatClient, ChatRequest, Unanswered
from gentap.model.chat.chat_reply import spoken
from gentap.model.chat.prompt_template import PromptTemplate, load_template
from gentap.records import Example, Table
from gentap.runs.counting import counted
from gentap.settings.sections import NO_JUDGE, JudgeSettings

RATINGS = {"judge_faithfulness": "faithfulness", "judge_completeness": "completeness"}
"""Each metric's name in files and what the judge calls it."""

MOST_TABLE_CHARS = 12_000
_WORST, _BEST = 1, 5
_PLACES = ("title", "table", "question", "reference", "answer")
_OURS = ("gentap.evaluation", "judge_prompt.txt")


class Judge:
    """Raises SettingError or InputError where address, model or prompt can't be right."""

    def __init__(self, settings: JudgeSettings) -> None:
        needed = ("question", "answer")
        self._prompt = load_template(settings.prompt, _OURS, "judge.prompt", _PLACES, needed)
        self._client = ChatClient(settings.address, settings, "judge")

    def rate(
        self, examples: Sequence[Example], predictions: Sequence[str]
    ) -> tuple[dict[str, Statistics], dict[str, int]]:
        """The ratings as statistics, and counts of the answers that have none, by reason.

        An answer without a rating does not count in its mean.
        """
        requests = [
            ChatRequest(messages=judge_messages(self._prompt, example, said))
            for example, said in zip(examples, predictions, strict=True)
        ]
        rows = {metric: np.zeros((len(examples), 2)) for metric in RATINGS}
        left_out: dict[str, int] = {}
        for place, answer in enumerate(self._client.ask(requests)):
            if isinstance(answer, Unanswered):
                reason = f"answers without a judge's rating ({answer.reason})"
                left_out[reason] = left_out.get(reason, 0) + 1
                continue
            rated = read_ratings(answer[0].text)
            for metric, name in RATINGS.items():
                if (rating := rated.get(name)) is not None:
                    rows[metric][place] = (rating - _WORST) / (_BEST - _WORST), 1
                else:
                    reason = f"answers whose {name} the judge's reply does not rate"
                    left_out[reason] = left_out.get(reason, 0) + 1
        about = f"{self._client.name}|prompt:{self._prompt.digest}|1-5|temperature:0"
        return {
            metric: ratio_statistics(numbers, f"judge:{about}")
            for metric, numbers in rows.items()
            if numbers.any()
        }, left_out


def open_judge(settings: JudgeSettings) -> Judge | None:
    """The judge that the settings name; raises SettingError where it can't be asked."""
    if not settings.address and settings != NO_JUDGE:
        raise SettingError("a judge's settings have no effect without its address (--judge).")
    return Judge(settings) if settings.address else None


def judged(
    scored: Scored, examples: Sequence[Example], predictions: Sequence[str], judge: Judge
) -> Scored:
    """The scores with the judge's beside them."""
    ratings, left_out = judge.rate(examples, predictions)
    return replace(
        scored,
        statistics=scored.statistics | ratings,
        warnings=scored.warnings | left_out,
    )


def judge_messages(prompt: PromptTemplate, example: Example, said: str) -> list[dict[str, str]]:
    table = example.table
    return prompt.messages(
        {
            "title": " – ".join(filter(None, (table.title, table.section, table.caption))),
            "table": _shown(table, example.evidence_rows),
            "question": example.question,
            "reference": " / ".join(example.references),
            "answer": said[:MAX_SCORED_CHARACTERS],
        }
    )


def read_ratings(reply: str) -> dict[str, float]:
    """The ratings of a judge's reply, as JSON or as text; the last of each counts."""
    found, said = {}, spoken(reply)
    for name in RATINGS.values():
        pattern = rf"{name}[\W_]{{0,9}}(?:score|rating)?[\W_]{{0,9}}(?:is|of)?[\W_]{{0,9}}"
        rated = re.findall(rf"{pattern}([1-5](?:\.\d+)?)(?![\d.]*\d)", said, re.IGNORECASE)
        if rated and _WORST <= float(rated[-1]) <= _BEST:
            found[name] = float(rated[-1])
    return found


def _shown(table: Table, evidence: Set[int]) -> str:
    """Header and rows, cells parted by bars; of a long table the evidence rows and the first."""
    lines = [" | ".join(row) for row in table.rows]
    budget = MOST_TABLE_CHARS - len(header := " | ".join(table.header))
    kept: set[int] = set()
    for place in sorted(range(len(lines)), key=lambda place: (place not in evidence, place)):
        if (budget := budget - len(lines[place]) - 1) < 0:
            break
        kept.add(place)
    left = len(lines) - len(kept)
    more = [f"({counted(left, 'more row')})"] if left else []
    return "\n".join([header, *(lines[place] for place in sorted(kept)), *more])
