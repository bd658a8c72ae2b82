"""Where a model runs, and in which precision."""

from contextlib import AbstractContextManager

import torch

from gentap.settings.sections import Precision


def best_device() -> torch.device:
    """The first GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def use_bf16(precision: Precision) -> bool:
    """Whether to compute in bf16; ``auto``: where the device has instructions for it."""
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def autocast(precision: Precision) -> AbstractContextManager[None]:
    """Matrix products in bf16 where the precision says so."""
    return torch.autocast(best_device().type, dtype=torch.bfloat16, enabled=use_bf16(precision))


def attention() -> str:
    """The faster attention of transformers: on CPUs the plain one, measured on T5 sizes in bf16."""
    return "sdpa" if torch.cuda.is_available() else "eager"
