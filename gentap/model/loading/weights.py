"""Whether a checkpoint's weights are those of its model: all of them, of the right shapes, finite.

transformers draws what is missing at random, with a warning that is easily lost. Here names and
shapes are compared without memory for them, on torch's meta device, and by transformers itself, so
that what it renames or ties while loading is renamed and tied here too.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from gentap.errors import InputError, first_line
from gentap.model.loading.model_folder import CONFIG, listed, spoilt, weight_files

_LAYERS = (
    "num_layers",
    "num_decoder_layers",
    "num_hidden_layers",
    "encoder_layers",
    "decoder_layers",
)
_LENGTHS = ("max_position_embeddings", "local_radius", "global_block_size", "num_labels")
_LONGEST = 2**20
_SIZES = 2**32


def check_weights(kind: Any, folder: Path, config: Any, name: str, own_head: bool) -> None:
    """Raise InputError unless a folder's safetensors fill a model of ``kind`` with ``config``.

    ``own_head`` says that the head is not the embedding matrix, whatever transformers ties.
    """
    files = weight_files(folder, name)
    stored = {tensor for file in files for tensor in _tensors(file, name)}
    check_sizes(config.to_dict(), len(stored), folder / CONFIG)
    with quiet():
        try:
            model, found = kind.from_pretrained(
                folder,
                config=config,
                device_map="meta",
                use_safetensors=True,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
        except Exception as error:  # whatever a configuration makes of the model's own classes
            raise spoilt(folder / CONFIG, error) from error
    # Pegasus' positions are computed, and some checkpoints leave them out
    computed = {
        f"{place}.weight" for place, part in model.named_modules() if hasattr(part, "create_weight")
    }
    missing = set(found["missing_keys"]) - computed
    if own_head and not any("lm_head" in tensor for tensor in stored):
        missing.add("lm_head.weight")
    faults = {
        "missing": sorted(missing),
        "unexpected": sorted(found["unexpected_keys"]),
        "of another shape than config.json says": sorted(
            f"{tensor} ({_shape(given)} for {_shape(wanted)})"
            for tensor, given, wanted in found["mismatched_keys"]
        ),
        "not finite (NaN or infinite)": sorted(
            tensor
            for file in files
            for tensor in _not_finite(file, file.stat().st_size, file.stat().st_mtime_ns)
        ),
    }
    told = [f"{len(names):,} {what}: {listed(names)}" for what, names in faults.items() if names]
    if told:
        raise InputError(
            f"{name}: its {len(stored):,} tensors are not the weights of the model that {CONFIG} "
            f"describes; {'; '.join(told)}. Copy or fetch the whole checkpoint."
        )


def check_sizes(config: dict[str, Any], tensors: int, path: Path) -> None:
    """Refuse what no model of so many tensors can have, before anything of that size is made.

    Raises InputError with the file and the number.
    """
    for part, values in _numbers(config):
        for name, value in values.items():
            most = tensors if name in _LAYERS else _LONGEST if name in _LENGTHS else _SIZES
            if isinstance(value, int) and (value > most or (name in _LAYERS and value < 1)):
                raise InputError(
                    f"{path}: {part}{name} is {value:,}, which no model of {tensors:,} tensors can "
                    "have. Restore the file as it was saved with the weights."
                )


def _numbers(values: dict[str, Any], part: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield part, values
    for name, value in values.items():
        if isinstance(value, dict) and name not in ("id2label", "label2id"):
            yield from _numbers(value, f"{part}{name}.")


def _tensors(file: Path, name: str) -> list[str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt") as stored:
            return list(stored.keys())
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"{name}: {file.name}: the weights can't be loaded: {first_line(error)} Copy or fetch "
            "the file again."
        ) from error


@lru_cache(maxsize=256)
def _not_finite(file: Path, size: int, changed: int) -> Sequence[str]:
    """The tensors of a file of that size and time that hold NaN or infinity."""
    import torch
    from safetensors import safe_open

    found = []
    with safe_open(file, "pt") as stored:
        for name in stored.keys():  # noqa: SIM118 (no mapping)
            tensor = stored.get_tensor(name)
            if tensor.is_floating_point() and tensor.numel():
                ends = torch.stack(torch.aminmax(tensor.float()))
                if not bool(torch.isfinite(ends).all()):
                    found.append(name)
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """transformers without its reports and bars: what they would tell is told by us."""
    import logging as levels

    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(levels.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _shape(sizes: Sequence[int]) -> str:
    return "×".join(map(str, sizes)) or "a number"
