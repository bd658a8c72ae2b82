"""What finished output folders say about themselves, for cards of models and of corpora."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.evaluation.report.score_tables import in_markdown, markdown
from gentap.runs.files.missing_paths import no_such
from gentap.runs.finished_stage import FinishedStage, read_finished_stage
from gentap.runs.store import is_done

CARD_MARK = "made with GenTaP"
"""What tells a card of ours, which may be replaced, from other files."""
ORDER = ("mine", "base", "writer", "write", "sample", "pretrain", "finetune")
_SCORED = ("evaluate", "score")
_TRAINING = ("parameters", "steps", "first_loss", "last_loss", "best_dev_loss")
_LANGUAGES = {"english": "en", "german": "de"}
_PARTS = {"stated": "a grammar's sentence"}
"""Parts of a corpus by other names than those that its files have."""
_KEPT_OUT = re.compile(r"(\w+) of an evaluation set")


def finished_stages(folders: Iterable[Path]) -> list[FinishedStage]:
    """The stages of these folders and of those right below them, in the order of their work; the
    model's own stage, the first one given, comes last.

    Raises InputError where a folder is no finished output of GenTaP.
    """
    found: dict[Path, FinishedStage] = {}
    own, *others = folders
    for folder in others:
        if not folder.exists():
            raise InputError(no_such(folder, "folder"))
        below = [folder] if is_done(folder) else sorted(filter(is_done, folder.glob("*/")))
        if not below:
            raise InputError(f"{folder}: neither an output folder of GenTaP nor a folder of such.")
        found |= {path.resolve(): read_finished_stage(path) for path in below}
    found.pop(own.resolve(), None)
    known = [stage for stage in found.values() if stage.name in ORDER]
    return [*sorted(known, key=lambda stage: ORDER.index(stage.name)), read_finished_stage(own)]


def language_of(stages: Sequence[FinishedStage], given: str = "") -> str:
    """The language that is ``given``, else that of the grammar which a corpus was sampled with."""
    grammars = (str(stage.settings.get("grammar", "")) for stage in stages)
    found = [_LANGUAGES[name] for name in grammars if name in _LANGUAGES]
    return given or next(iter(found), "en")


def counts_text(stages: Sequence[FinishedStage]) -> str:
    """What every stage counted."""
    lines = [["stage", "what", "number"]]
    for stage in stages:
        counts = dict(stage.stats.get("counts", {}))
        for part, count in stage.stats.get("examples", {}).items():
            kind = _PARTS.get(part, part)
            counts[f"{kind} examples trained on"] = count
        counts |= {
            name.replace("_", " "): stage.stats[name]
            for name in _TRAINING
            if stage.stats.get(name) is not None
        }
        aside = stage.stats.get("rejected", {})
        counts |= {f"set aside: {reason}": count for reason, count in aside.items()}
        lines += [[stage.name, what, _number(count)] for what, count in counts.items()]
    return f"## Data and training\n\n{markdown(lines)}"


def _number(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def overlap_text(stages: Sequence[FinishedStage]) -> str:
    """What was kept out of the corpus because evaluation sets hold it."""
    text = "## Overlap with evaluation sets\n\n"
    mined = [stage for stage in stages if stage.name == "mine"]
    if not mined:
        return text + "Not known: no mined folder was given to this card.\n"
    for stage in mined:
        kept_out = stage.settings.get("exclude", [])
        if not kept_out:
            text += "Nothing was kept out of the corpus (`mine.exclude` is empty).\n"
            continue
        counts = [
            f"{count:,} × {match[1]}"
            for reason, count in stage.stats.get("rejected", {}).items()
            if (match := _KEPT_OUT.fullmatch(reason))
        ]
        text += (
            f"Kept out of the corpus, for {in_markdown(', '.join(map(str, kept_out)))}: "
            f"{', '.join(counts) or 'nothing had to be'}. Pages, tables, and sentences that share "
            f"{stage.settings.get('answer_words')} words in a row with an answer go.\n"
        )
    return text


def settings_text(stages: Sequence[FinishedStage]) -> str:
    import tomli_w

    known = [stage for stage in stages if stage.name in (*ORDER, *_SCORED)]
    blocks = [
        f"<details><summary>{stage.name}</summary>\n\n```toml\n"
        f"{tomli_w.dumps({stage.name: dict(stage.settings)})}```\n\n</details>\n"
        for stage in known
    ]
    return "## Settings\n\n" + "\n".join(blocks)
