"""Which writer a name stands for."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gentap.errors import SettingError
from gentap.model.chat.chat_client import is_address
from gentap.questions.writers.interface import Writer
from gentap.settings.question_sections import FilterSettings, WriteSettings
from gentap.settings.sections import EndpointSettings

if TYPE_CHECKING:
    from gentap.questions.writers.transformers_writer import TransformersWriter

_LOCAL_ONLY = ("backend", "precision", "max_question_tokens", "batch_size", "threads")


def check_writer(writer: str, settings: WriteSettings) -> None:
    """Raise where the writer can't be what its name and the settings say, before any work."""
    if is_address(writer):
        from gentap.questions.writers.chat_writer import ChatWriter

        ChatWriter(writer, settings)
        return
    from gentap.model.loading.checkpoints import check_model

    check_model(writer)
    if settings.backend != "transformers":
        from gentap.questions.writers.ctranslate2_writer import require_ctranslate2

        _refuse_decoder_only(writer, settings)
        require_ctranslate2()


def idle_settings(writer: str, settings: WriteSettings) -> list[str]:
    """Settings that somebody has changed and that have no effect on this kind of writer."""
    if is_address(writer):
        places: list[tuple[str, Any, Any]] = [("", settings, WriteSettings())]
        places.append(("filters.", settings.filters, FilterSettings()))
        known = {"": _LOCAL_ONLY, "filters.": ("min_score", "min_margin")}
    else:
        places = [("endpoint.", settings.endpoint, EndpointSettings())]
        known = {"endpoint.": tuple(EndpointSettings.model_fields)}
    return [
        f"write.{place}{name}"
        for place, given, default in places
        for name in known[place]
        if getattr(given, name) != getattr(default, name)
    ]


def open_writer(writer: str, settings: WriteSettings, work: Path) -> Writer:
    """The writer of a model's folder or hub name, or of a chat endpoint's address.

    What a backend makes for itself is kept below ``work``. Raises InputError where there is none.
    """
    if is_address(writer):
        from gentap.questions.writers.chat_writer import ChatWriter

        return ChatWriter(writer, settings)
    if settings.backend == "transformers":
        return open_local_writer(writer, settings)
    _refuse_decoder_only(writer, settings)
    from gentap.questions.writers.ctranslate2_writer import CTranslate2Writer

    return CTranslate2Writer(writer, settings, work)


def open_local_writer(folder: str, settings: WriteSettings) -> "TransformersWriter":
    """The writer of a model's folder or hub name, run by transformers."""
    from gentap.questions.writers.causal_writer import CausalWriter
    from gentap.questions.writers.transformers_writer import TransformersWriter

    return (CausalWriter if _is_decoder_only(folder) else TransformersWriter)(folder, settings)


def _is_decoder_only(folder: str) -> bool:
    from gentap.model.loading.causal_checkpoints import is_causal
    from gentap.model.loading.checkpoints import load_config

    return is_causal(load_config(folder))


def _refuse_decoder_only(writer: str, settings: WriteSettings) -> None:
    if _is_decoder_only(writer):
        raise SettingError(
            f"{writer}: a decoder-only model, which write.backend = '{settings.backend}' can't "
            'run: its adapters act on the question alone. Set write.backend = "transformers".'
        )
