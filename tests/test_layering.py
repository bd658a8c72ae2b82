import ast
import subprocess
import sys
from collections import Counter, defaultdict
from graphlib import TopologicalSorter
from itertools import combinations
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "gentap"
FLOORS = [
    {"__init__", "records", "errors", "settings", "runs"},
    {"text"},
    {"documents", "tables"},
    {"model"},
    {"evaluation", "training", "questions", "mining", "grammar", "trust"},
    {"serving"},
    {"stages"},
    {"commands", "chain"},
    {"cli", "__main__"},
]
PAIRS = [set(pair) for pair in combinations(FLOORS[4], 2)]
"""Siblings never import one another."""

FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
HEAVY = {"torch", "transformers", "pyarrow", "pydantic", "nltk", "fastwarc", "numpy"}


def name_of(path: Path) -> str:
    return ".".join(["gentap", *path.relative_to(PACKAGE).with_suffix("").parts])


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports(name: str) -> set[str]:
    """Every module that a module names in an import, wherever in it."""
    found = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: a relative import"
            source = str(node.module)
            found.update(
                f"{source}.{alias.name}" if f"{source}.{alias.name}" in MODULES else source
                for alias in node.names
            )
    return found


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def inner_imports(name: str) -> set[str]:
    return {module for module in imports(name) if module.split(".")[0] == "gentap"}


def test_every_module_has_its_floor() -> None:
    assert {room(name) for name in MODULES} <= set(FLOOR)
    assert {path.stem for path in PACKAGE.glob("*.py")} == {
        "__init__",
        "__main__",
        "chain",
        "cli",
        "errors",
        "records",
    }


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down_only(name: str) -> None:
    if name == "gentap.__init__":
        return  # it names the public entries of all rooms, lazily
    here = room(name)
    for module in inner_imports(name):
        there = room(module)
        if there == here:
            continue
        assert FLOOR[there] <= FLOOR[here], f"{name} imports {module} from above"
        if FLOOR[there] == FLOOR[here]:
            assert {here, there} not in PAIRS, f"{name} imports {module} from beside it"


def test_no_imports_run_in_a_circle() -> None:
    TopologicalSorter({name: inner_imports(name) - {"gentap"} for name in MODULES}).prepare()


def test_rooms_have_empty_init_files() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        assert path.parent == PACKAGE or not path.read_bytes(), path


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_pickled_and_no_remote_code_is_run(name: str) -> None:
    assert not imports(name) & {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            assert isinstance(node.value, ast.Constant), f"{name}, line {node.value.lineno}"
            assert node.value.value is False, f"{name}, line {node.value.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in {("torch", "load"), ("torch", "save")}


def loaded_by(statements: str) -> set[str]:
    """The top-level modules that a new interpreter holds after these statements."""
    program = f"import sys\n{statements}\nprint(*sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return {module.split(".")[0] for module in done.stderr.split()}


def test_the_command_line_is_imported_without_anything_heavy() -> None:
    modules = loaded_by("import gentap.cli")
    assert {"gentap", "typer"} <= modules
    assert not modules & HEAVY


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_is_shown_without_anything_heavy(arguments: list[str]) -> None:
    modules = loaded_by(
        f"from gentap.__main__ import start\nsys.argv = ['gentap', *{arguments!r}]\n"
        "try:\n    start()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert "gentap" in modules
    assert not modules & HEAVY


LEAN = {"torch", "transformers", "accelerate", "tokenizers", "sentencepiece", "safetensors"} | {
    "pyarrow",
    "pydantic",
    "numpy",
    "rich",
}


def imported_at_once(name: str) -> set[str]:
    """What importing a module imports, as written above and beside its definitions."""
    found = set()
    for node in TREES[name].body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


def test_training_and_generation_need_no_libraries_of_other_rooms() -> None:
    todo = {name for name in MODULES if room(name) in {"training", "model"}}
    seen: set[str] = set()
    outside: set[str] = set()
    while todo:
        name = todo.pop()
        seen.add(name)
        modules = imported_at_once(name)
        outside |= {module for module in modules if module.split(".")[0] != "gentap"}
        todo |= (modules & set(MODULES)) - seen
    assert "gentap.tables.linearize" in seen
    tops = {module.split(".")[0] for module in outside}
    assert tops - set(sys.stdlib_module_names) <= LEAN


DEFINED_TWICE = {
    "app": "typer's application, one in each module of commands",
}
"""Public names that several modules define, and why."""


def public_names(tree: ast.Module) -> set[str]:
    """The functions, classes and constants that a module defines for others."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


def test_no_public_name_is_defined_in_two_modules() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module, tree in TREES.items():
        for name in public_names(tree):
            places[name].append(module)
    twice = {name: modules for name, modules in places.items() if len(modules) > 1}
    assert twice.keys() == DEFINED_TWICE.keys(), twice


def test_no_two_modules_have_one_name() -> None:
    names = [path.name for path in MODULES.values() if path.name != "__init__.py"]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_a_folder_can_be_taken_in_at_a_glance() -> None:
    for folder in {path.parent for path in MODULES.values()}:
        assert len(list(folder.glob("*.py"))) <= 17, folder  # sixteen and __init__.py
