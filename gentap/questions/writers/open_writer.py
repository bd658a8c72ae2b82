"""Which writer a name stands for."""

from pathlib import Path

from gentap.questions.writers.interface import Writer
from gentap.settings.sections import WriteSettings


def is_endpoint(writer: str) -> bool:
    return writer.startswith(("http://", "https://"))


def check_writer(writer: str, settings: WriteSettings) -> None:
    """Raise where the writer can't be what its name and the settings say, before any work."""
    if is_endpoint(writer):
        from gentap.questions.writers.chat_writer import ChatWriter

        ChatWriter(writer, settings)
        return
    from gentap.model.checkpoints import check_model

    check_model(writer)
    if settings.backend != "transformers":
        from gentap.questions.writers.ctranslate2_writer import require_ctranslate2

        require_ctranslate2()


def open_writer(writer: str, settings: WriteSettings, work: Path) -> Writer:
    """The writer of a model's folder or hub name, or of a chat endpoint's address.

    What a backend makes for itself is kept below ``work``. Raises InputError where there is none.
    """
    if is_endpoint(writer):
        from gentap.questions.writers.chat_writer import ChatWriter

        return ChatWriter(writer, settings)
    if settings.backend == "transformers":
        from gentap.questions.writers.transformers_writer import TransformersWriter

        return TransformersWriter(writer, settings)
    from gentap.questions.writers.ctranslate2_writer import CTranslate2Writer

    return CTranslate2Writer(writer, settings, work)
