"""What a finished output folder says about itself: its stage, settings and counts, checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gentap.runs.files.own_files import parse_json, read_json, read_toml
from gentap.runs.store import own_files, read_marker


@dataclass(frozen=True, slots=True)
class FinishedStage:
    """A finished output folder: the stage that made it, its settings and its statistics."""

    name: str
    folder: Path
    settings: Mapping[str, Any]
    stats: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Stats:
    """What is read of ``stats.json``; each stage has some of it."""

    counts: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    examples: dict[str, int] = field(default_factory=dict)
    parameters: int | None = None
    steps: int | None = None
    first_loss: float | None = None
    last_loss: float | None = None
    best_dev_loss: float | None = None


@dataclass(frozen=True, slots=True)
class _Settings:
    """What is read of a stage's settings beside showing them; each stage has some of it."""

    data: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    checkpoint: str = ""
    answer_words: int = 0


def read_finished_stage(folder: Path) -> FinishedStage:
    """Raises InputError where a file of the folder is missing, or not as stages write it."""
    name, recipe = read_marker(folder).stage, own_files(folder) / "recipe.toml"
    settings = read_toml(recipe, dict[str, dict[str, Any]]).get(name, {})
    parse_json(json.dumps(settings, default=str).encode(), _Settings, f"{recipe}: {name}")
    stats = own_files(folder) / "stats.json"
    read_json(stats, _Stats)
    return FinishedStage(name, folder, settings, read_json(stats))
