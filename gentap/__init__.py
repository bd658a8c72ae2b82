"""GenTaP: generation-focused table-based intermediate pretraining.

The public entry points below are imported when they are first used; importing the package itself
does nothing else. :func:`register` lets transformers' Auto classes load saved GenTaP models.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gentap.evaluation.metrics.scoring import score as score
    from gentap.model.answerer import Answer as Answer
    from gentap.model.answerer import Answerer as Answerer
    from gentap.model.answerer import answer as answer
    from gentap.model.config import GenTapConfig as GenTapConfig
    from gentap.model.network import GenTapModel as GenTapModel
    from gentap.records import Example as Example
    from gentap.records import Table as Table
    from gentap.settings.recipe import load_recipe as load_recipe
    from gentap.stages.evaluation_stages import evaluate as evaluate

__version__ = "0.1.0"

_ENTRIES = {
    "Answer": "gentap.model.answerer",
    "Answerer": "gentap.model.answerer",
    "Example": "gentap.records",
    "GenTapConfig": "gentap.model.config",
    "GenTapModel": "gentap.model.network",
    "Table": "gentap.records",
    "answer": "gentap.model.answerer",
    "evaluate": "gentap.stages.evaluation_stages",
    "load_recipe": "gentap.settings.recipe",
    "score": "gentap.evaluation.metrics.scoring",
}


def __getattr__(name: str) -> Any:
    if name not in _ENTRIES:
        raise AttributeError(f"module 'gentap' has no attribute '{name}'")
    return getattr(import_module(_ENTRIES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_ENTRIES]


def register() -> None:
    """Enter GenTaP's classes in transformers' ``AutoConfig`` and ``AutoModelForSeq2SeqLM``.

    Call it once, before or after transformers is imported; then the Auto classes load a saved
    GenTaP model. Using any of the package's own models does the same.
    """
    import_module("gentap.model.network")
