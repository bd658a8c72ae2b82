"""Names in a model's files by which programs made for transformers 4 read them.

The fifth renames things; CTranslate2, optimum and llama.cpp's converter ask for the old names, or
take a default in silence where they find none.
"""

import json
from pathlib import Path
from typing import Any

from gentap.model.loading.model_folder import CONFIG, TOKENIZER_CONFIG
from gentap.runs.files.output_files import write_json


def save_tokenizer(hf: Any, folder: Path) -> None:
    """Write a transformers tokenizer so that transformers 4.57 reads it too.

    The fifth writes a list as ``extra_special_tokens``, where the fourth reads a mapping and fails,
    and names a class for vocabularies of no family that the fourth does not have.
    """
    hf.save_pretrained(folder)
    path = folder / TOKENIZER_CONFIG
    values = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(values.get("extra_special_tokens"), list):
        values["additional_special_tokens"] = values.pop("extra_special_tokens")
    if values.get("tokenizer_class") == "TokenizersBackend":
        values["tokenizer_class"] = "PreTrainedTokenizerFast"
    write_json(path, values)


def add_older_names(folder: Path) -> None:
    """Name the rotary positions' base, which ``rope_parameters`` holds, as transformers 4 does.

    With another base than 10,000 a model would give other outputs there.
    """
    path = folder / CONFIG
    values = json.loads(path.read_text(encoding="utf-8"))
    rope = values.get("rope_parameters")
    if not isinstance(rope, dict):
        return
    whole, local = rope.get("full_attention", rope), rope.get("sliding_attention", {})
    older = {"rope_theta": whole.get("rope_theta")}
    older |= {"rope_local_base_freq": local.get("rope_theta")}
    if whole.get("rope_type", "default") != "default":
        older["rope_scaling"] = {k: v for k, v in whole.items() if k != "rope_theta"}
    known = {name: value for name, value in older.items() if value is not None}
    write_json(path, {**values, **known})
