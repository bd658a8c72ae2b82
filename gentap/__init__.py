"""GenTaP: generation-focused table-based intermediate pretraining.

Public entry points are imported when they are first used. transformers' Auto classes know a saved
GenTaP model once this package is imported, before or after transformers, though neither import
waits for the other.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_ENTRIES = {
    "GenTapConfig": "gentap.model.network",
    "GenTapModel": "gentap.model.network",
    "answer": "gentap.model.answerer",
}
_REGISTERING = {
    "transformers.models.auto.configuration_auto": "gentap.model.config",
    "transformers.models.auto.modeling_auto": "gentap.model.network",
}
"""Modules of ours that enter their classes there, once those of transformers are imported."""


def __getattr__(name: str) -> Any:
    if name not in _ENTRIES:
        raise AttributeError(f"module 'gentap' has no attribute '{name}'")
    return getattr(import_module(_ENTRIES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_ENTRIES]


class _Registration:
    """Finds the modules that hold the Auto classes, and has ours imported right after them."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in _REGISTERING:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_register(module: ModuleType) -> None:
                run(module)
                import_module(_REGISTERING[name])

            spec.loader.exec_module = run_and_register  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, _Registration)
for _name, _ours in _REGISTERING.items():
    if _name in sys.modules:
        import_module(_ours)
