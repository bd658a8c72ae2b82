"""GGUF files: packed checkpoints of decoder-only models, made ordinary folders."""

import hashlib
import importlib.util
import shutil
from pathlib import Path
from typing import Any

from gentap.documents.input_files import require_file
from gentap.errors import InputError, first_line
from gentap.model.loading.older_programs import add_older_names, save_tokenizer
from gentap.runs.console import say
from gentap.runs.files.output_files import attempt, naming_full_disks

SUFFIX = ".gguf"


def checkpoint_folder(base: str) -> str:
    """The folder of a GGUF file's checkpoint, in transformers' cache; any other name as it is.

    Unpacked once for each content. Raises InputError as :func:`unpack` does.
    """
    from huggingface_hub import constants

    if not base.lower().endswith(SUFFIX):
        return base
    file = Path(base)
    require_file(file)
    with file.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    folder = Path(constants.HF_HOME) / "gentap" / f"{file.stem}-{content[:16]}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        unpack(file, folder)
        say(f"{file}: unpacked, once, to {folder}")
    return str(folder)


def unpack(file: Path, folder: Path) -> None:
    """Write model and tokenizer of a GGUF file as a checkpoint's folder, in fp32.

    It is written aside and renamed, so that it is there whole or not at all. Raises InputError
    where the file is none, cut short, or packed in a way that transformers doesn't know, and
    FolderError where the disk is full.
    """
    model, tokenizer = read_gguf(file)
    aside = folder.with_name(f"{folder.name}.{attempt()}")
    try:
        with naming_full_disks(folder):
            save_unpacked(model, tokenizer, aside)
            if not folder.is_dir():  # another process may have been faster
                aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def save_unpacked(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write what :func:`read_gguf` gives, so that older programs read it too."""
    model.save_pretrained(folder)
    add_older_names(folder)
    save_tokenizer(tokenizer, folder)


def read_gguf(file: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a GGUF file, in fp32, as if they had never been packed.

    Raises InputError where the file is none, cut short, or of an unknown packing.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    require_file(file)
    if importlib.util.find_spec("gguf") is None:
        raise InputError(f"{file}: GGUF files are read with gguf. Type: pip install gentap[gguf]")
    logging.disable_progress_bar()
    given: dict[str, Any] = {"gguf_file": file.name, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(file.parent), **given)
        packed = AutoModelForCausalLM.from_pretrained(
            str(file.parent), dtype=torch.float32, **given
        )
    except Exception as error:  # whatever gguf and transformers make of such a file
        raise InputError(
            f"{file}: no model can be read from it: {first_line(error)} Is the file whole, and "
            "packed in one of the ways that transformers knows?"
        ) from error
    config = packed.config
    vars(config).pop("quantization_config", None)
    plain = type(packed)(config)
    plain.load_state_dict(packed.state_dict())
    plain.generation_config = packed.generation_config
    return plain, tokenizer
