"""Options that commands share, their settings, and how errors reach the user."""

import signal
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

from gentap.errors import INTERRUPTED, GentapError, SettingError
from gentap.runs.console import say, warn

if TYPE_CHECKING:
    from gentap.settings.sections import ClusterSettings, LinearizerSettings, Settings

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the output.")]
RecipeFile = Annotated[
    Path | None, typer.Option("--recipe", help="Take this stage's settings from a recipe.")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", help="One more setting, as name=value; may be repeated."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace other work that the output folder holds.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of everything random.")]
Engine = Annotated[str | None, typer.Option(help="Where the shards run: local, ray or slurm.")]
Cluster = Annotated[
    list[str] | None,
    typer.Option("--cluster", help="A setting of the engine, as name=value; may be repeated."),
]
Workers = Annotated[int, typer.Option(min=1, max=1024, help="Processes to work with.")]
BaseModelName = Annotated[
    str,
    typer.Option(
        "--base", help="Folder, GGUF file or hub name: T5, BART, SmolLM2 and others of their kinds."
    ),
]
Data = Annotated[list[str], typer.Option("--data", help="Annotated questions (JSONL).")]
ProtocolName = Annotated[
    str, typer.Option(help="How scores are computed: fetaqa, totto, cased or unicode.")
]

Delimiter = Annotated[
    str,
    typer.Option(help="What parts the cells of a CSV file: a character, or tab; else found out."),
]
EncodingName = Annotated[
    str, typer.Option(help="The encoding of a CSV file, such as cp1252; else found out.")
]
Sheet = Annotated[
    str, typer.Option(help="The sheet of an Excel workbook; else the first that holds a table.")
]

Parameters = ParamSpec("Parameters")
_Result = TypeVar("_Result")


def reports_errors(command: Callable[Parameters, _Result]) -> Callable[Parameters, _Result]:
    """Errors made for users end the command with their message and exit code 1."""

    @wraps(command)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> _Result:
        try:
            _let_interrupts_end_in_order()
            return command(*args, **kwargs)
        except GentapError as error:
            warn(f"gentap: {error}")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            warn("\ngentap: interrupted. Run the same command again to go on.")
            raise typer.Exit(INTERRUPTED) from None
        except MemoryError:
            fewer = ", or fewer --workers" if "workers" in kwargs else ""
            warn(f"gentap: memory ran out. Give less at a time{fewer}.")
            raise typer.Exit(1) from None
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            warn(f"gentap: {place}{error.strerror or error}.")
            raise typer.Exit(1) from None

    return wrapped


def _let_interrupts_end_in_order() -> None:
    """Ctrl-C before a command's work just leaves (see ``gentap.__main__``); from now on it breaks
    the work off."""
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and callable(signal.getsignal(signal.SIGINT)):  # else it is to be ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)


def stage_settings(
    kind: "type[Settings]",
    section: str,
    recipe: Path | None,
    assignments: list[str] | None,
    **given: Any,
) -> Any:
    """A stage's settings: the recipe's section, then --set, then the command's own options.

    Raises SettingError for a setting that stands in both of the latter. A recipe's that an
    argument replaces is told.
    """
    from gentap.settings.recipe import parse_assignments

    return _settings(kind, section, recipe, parse_assignments(assignments or []), given)


def stage_and_linearizer(
    kind: "type[Settings]",
    section: str,
    recipe: Path | None,
    assignments: list[str] | None,
    **given: Any,
) -> "tuple[Any, LinearizerSettings]":
    """As :func:`stage_settings`, and the linearizer's: ``--set linearizer.max_tokens=256``."""
    from gentap.settings.recipe import parse_assignments
    from gentap.settings.sections import LinearizerSettings

    values = parse_assignments(assignments or [])
    shared = {name: values.pop(name) for name in ("linearizer",) if name in values}
    linearizer = _settings(LinearizerSettings, "linearizer", recipe, shared, {})
    return _settings(kind, section, recipe, values, given), linearizer


def _settings(
    kind: "type[Settings]",
    section: str,
    recipe: Path | None,
    assigned: dict[str, Any],
    given: dict[str, Any],
) -> Any:
    from gentap.settings.recipe import load_section, make_settings, merge
    from gentap.settings.without_effect import without_effect

    if isinstance(assigned.get(section), dict):  # writer.tags=false, as in a recipe
        own = assigned.pop(section)
        assigned = merge(assigned, own)
    given = {name: value for name, value in given.items() if value not in (None, [], ())}
    for name in given:
        if name in assigned:
            raise SettingError(
                f"{section}: {name} is given twice, by --set and as an argument or option."
            )
    below = load_section(recipe, section) if recipe else {}
    for name in given:
        if below.get(name, given[name]) != given[name]:
            say(f"{section}: {name} is that of the command line; the recipe's is left out")
    settings = make_settings(kind, {**merge(below, assigned), **given}, section)
    for line in without_effect(settings):
        say(f"{section}: {line}")
    return settings


def cluster_settings(
    recipe: Path | None, engine: str | None, assignments: list[str] | None
) -> "ClusterSettings":
    from gentap.runs.cluster import check_cluster
    from gentap.settings.sections import ClusterSettings

    settings: ClusterSettings = stage_settings(
        ClusterSettings, "cluster", recipe, assignments, engine=engine
    )
    check_cluster(settings)
    return settings
