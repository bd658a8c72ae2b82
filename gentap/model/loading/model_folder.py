"""A model's folder: finding it by its path or hub name, and reading its files before others do.

Whoever loads a model asks here first, so that what is wrong with a folder is told by file and
remedy, and not by the library that happens to stumble over it.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from gentap.documents.input_files import no_file, pointer
from gentap.errors import InputError, first_line
from gentap.runs.store import is_unfinished

CONFIG, GENERATION = "config.json", "generation_config.json"
WEIGHTS, WEIGHTS_INDEX = "model.safetensors", "model.safetensors.index.json"
VOCABULARIES = (
    "tokenizer.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "vocab.json",
)
TOKENIZER_CONFIG = "tokenizer_config.json"
MODEL_FILES = (
    CONFIG,
    GENERATION,
    TOKENIZER_CONFIG,
    "special_tokens_map.json",
    "added_tokens.json",
)
"""What a model's folder holds as JSON objects, beside weights, vocabulary and linearizer."""

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")
_SECONDS = 2.0
"""How long a hub may take to answer whether it has a model, unless HF_HUB_ETAG_TIMEOUT says."""

_LARGEST_TEXT = 2**24
_LARGEST_INTEGER = 2**128
"""Tokenizers say 10^30 for texts of any length."""
_TOLD = 240
"""Characters of another library's message that are passed on."""
_LOOKED_AT = 500
"""Neighbours of a mistyped name that are looked at, at most, in each folder."""


def find_model(name: str) -> Path:
    """The folder of a model, by its path or its name on the hub.

    A hub's model is fetched, its weights as safetensors alone, or taken from the cache. Raises
    InputError where there is no such model, within seconds and with what has a name like it.
    """
    path = Path(name)
    if path.is_dir():
        refuse_odd_files(path)
        _refuse_pointers(path, name)
        if not (path / CONFIG).exists():
            if is_unfinished(path):
                raise InputError(f"{name}: is unfinished: run its command again to complete it.")
            raise InputError(
                f"{name}: not a model folder (no config.json in it). Give an output folder of "
                "`gentap base`, `questions train`, `pretrain` or `finetune`, or a Hugging Face "
                "checkpoint."
            )
        return path
    near = path.parent != Path() and path.parent.is_dir()
    if path.exists() or name.startswith((".", "/", "~")) or name.count("/") > 1 or near:
        raise InputError(f"{name}: no such model folder.{_alike(name)}")
    return _from_hub(name)


@cache
def _from_hub(name: str) -> Path:
    from huggingface_hub import constants, snapshot_download

    offline = bool(constants.HF_HUB_OFFLINE)
    wanted = [*MODEL_FILES, *VOCABULARIES, "merges.txt", "linearizer.json", WEIGHTS, WEIGHTS_INDEX]
    patience = constants.HF_HUB_ETAG_TIMEOUT if "HF_HUB_ETAG_TIMEOUT" in os.environ else _SECONDS
    try:
        folder = snapshot_download(
            name,
            allow_patterns=[*wanted, "model-*-of-*.safetensors"],
            etag_timeout=patience,
            local_files_only=offline,
        )
    except Exception as error:  # of the hub, of its client, and of the network below it
        why = (
            "HF_HUB_OFFLINE is set, so nothing is fetched"
            if offline
            else f"the hub has no such model, or can't be reached: {first_line(error)[:-1]}"
        )
        raise InputError(
            f"{name}: no such folder here, and {why}.{_alike(name)} Give a checkpoint's folder, or "
            "a name on the hub that can be reached."
        ) from error
    return Path(folder)


def _alike(name: str) -> str:
    """The models whose names look like this one, as a sentence to go on with."""
    found = dict.fromkeys(_models_near(Path(name)))
    near = get_close_matches(name.rstrip("/"), found, n=3, cutoff=0.6)
    if not near:
        last = {path.rsplit("/", 1)[-1]: path for path in found}
        near = [last[one] for one in get_close_matches(Path(name).name, last, n=3, cutoff=0.6)]
    meant = " or ".join(f"'{one}'" for one in near)
    return f" Did you mean {meant}?" if near else ""


def _models_near(path: Path) -> Iterator[str]:
    """Model folders beside the path, those here and one folder below, and models in the cache."""
    from huggingface_hub import constants

    for pattern in ("*", "*/*"):
        for folder in (path.parent, Path()):
            for config in islice(_found(folder, f"{pattern}/{CONFIG}"), _LOOKED_AT):
                yield str(config.parent)
    for folder in islice(_found(Path(constants.HF_HUB_CACHE), "models--*"), _LOOKED_AT):
        yield folder.name.removeprefix("models--").replace("--", "/")


def _found(folder: Path, pattern: str) -> Iterator[Path]:
    try:
        yield from sorted(islice(folder.glob(pattern), _LOOKED_AT))
    except OSError:
        return  # a folder that may not be read holds no suggestion


def refuse_odd_files(folder: Path) -> None:
    """Raise InputError where a folder holds a pipe or a device, which is read without end."""
    for path in sorted(folder.iterdir()):
        kind = no_file(path)
        if kind.startswith(("a named pipe", "a device", "a socket")):
            raise InputError(f"{path}: is {kind}, no file. {_RESTORE}")


def _refuse_pointers(folder: Path, name: str) -> None:
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    pointers = {path.name: kind for path in files if (kind := pointer(path))}
    if pointers:
        raise InputError(f"{name}: {', '.join(pointers)}: {next(iter(pointers.values()))}.")


def weight_files(folder: Path, name: str) -> list[Path]:
    """The safetensors of a model: one, or all that its index names.

    Raises InputError where there are none, or only pickled ones.
    """
    if (folder / WEIGHTS).exists():
        return [folder / WEIGHTS]
    index = folder / WEIGHTS_INDEX
    if index.exists():
        places = read_object(index).get("weight_map")
        if not isinstance(places, Mapping) or not all(
            isinstance(place, str) and Path(place).name == place for place in places.values()
        ):
            raise InputError(f"{index}: 'weight_map' must give a file's name for each tensor.")
        files = [folder / place for place in sorted(set(places.values()))]
        missing = [path.name for path in files if not path.exists()]
        if missing or not files:
            raise InputError(
                f"{index}: {listed(missing) or 'no file at all'} missing of {len(files)} files. "
                "Copy or fetch the whole checkpoint."
            )
        return files
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles:
        raise InputError(
            f"{name}: holds no {WEIGHTS} but {listed(pickles)}: pickles can run code when they are "
            "read and are not loaded. Where you trust it, convert it once: python -c 'from "
            "transformers import AutoModelForSeq2SeqLM as Model; "
            f'Model.from_pretrained("{name}").save_pretrained("CONVERTED")\', and copy its '
            "tokenizer's files there."
        )
    raise InputError(
        f"{name}: holds no {WEIGHTS}. Give a whole checkpoint, its weights as safetensors."
    )


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object of a model's folder; raises InputError with the file where it is none."""
    try:
        if path.stat().st_size > _LARGEST_TEXT:
            raise ValueError(f"larger than {_LARGEST_TEXT:,} bytes")
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
        too_large = next((number for number in _integers(content) if _beyond(number)), None)
        if too_large is not None:
            raise ValueError(f"an integer of {too_large.bit_length():,} bits")
    except RecursionError:
        raise InputError(f"{path}: nested too deep. {_RESTORE}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable JSON file: {first_line(error)} {_RESTORE}") from (
            error
        )
    if not isinstance(content, dict):
        raise InputError(
            f"{path}: a JSON object ({{…}}) is needed, and there is a {type(content).__name__}. "
            f"{_RESTORE}"
        )
    return content


_RESTORE = "Restore the file as it was saved with the model."


def check_texts(folder: Path) -> None:
    """Read all JSON objects of a folder; raises InputError for the first that is none."""
    for name in MODEL_FILES:
        if (folder / name).exists():
            read_object(folder / name)


def spoilt(path: Path, error: BaseException) -> InputError:
    """The error of a file of a model that another library could not make use of."""
    told = " ".join(str(error).split())
    told = f"{type(error).__name__}: {told}"[:_TOLD].rstrip(".")
    return InputError(f"{path}: can't be used: {told}. {_RESTORE}")


def _integers(content: Any) -> Iterator[int]:
    if isinstance(content, int):
        yield content
    elif isinstance(content, Mapping | list):
        for value in content.values() if isinstance(content, Mapping) else content:
            yield from _integers(value)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} stands where a number belongs")


def _beyond(number: int) -> bool:
    return abs(number) > _LARGEST_INTEGER


def listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
