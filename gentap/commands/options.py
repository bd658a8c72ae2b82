"""Options that commands share, their settings, and how errors reach the user."""

import signal
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

from gentap.errors import INTERRUPTED, GentapError
from gentap.runs.console import warn

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
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]
Engine = Annotated[str | None, typer.Option(help="Where the shards run: local, ray or slurm.")]
Cluster = Annotated[
    list[str] | None,
    typer.Option("--cluster", help="A setting of the engine, as name=value; may be repeated."),
]
Workers = Annotated[int, typer.Option(min=1, help="Processes to work with.")]
BaseModelName = Annotated[
    str, typer.Option("--base", help="Folder or hub name of a T5, BART or other encoder–decoder.")
]
Data = Annotated[list[str], typer.Option("--data", help="Annotated questions (JSONL).")]
ProtocolName = Annotated[str, typer.Option(help="How scores are computed: fetaqa, totto or cased.")]

Delimiter = Annotated[
    str,
    typer.Option(help="What parts the cells of a CSV file: a character, or tab; else found out."),
]
EncodingName = Annotated[
    str, typer.Option(help="The encoding of a CSV file, such as cp1252; else found out.")
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
            warn("gentap: memory ran out. Give less at a time, or fewer --workers.")
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
    """A stage's settings: the recipe's section, then --set, then the command's own options."""
    from gentap.settings.recipe import load_section, make_settings, merge, parse_assignments

    values = load_section(recipe, section) if recipe else {}
    values = merge(values, parse_assignments(assignments or []))
    values |= {name: value for name, value in given.items() if value not in (None, [], ())}
    return make_settings(kind, values, section)


def linearizer_settings(recipe: Path | None) -> "LinearizerSettings":
    from gentap.settings.recipe import load_section
    from gentap.settings.sections import LinearizerSettings

    return LinearizerSettings(**(load_section(recipe, "linearizer") if recipe else {}))


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
