"""The text of a prediction, whatever of JSON's values it was given as."""

from collections.abc import Sequence
from typing import Any

from gentap.documents.json_text import json_text
from gentap.errors import InputError
from gentap.evaluation.metrics.denotation import SEPARATOR


def prediction_text(given: Any) -> str:
    """A text as it is; numbers and truth values as JSON writes them, null as nothing; several
    values with a mark between them.

    Raises ValueError for what has no text, such as an object.
    """
    if isinstance(given, str):
        return given
    if isinstance(given, list | tuple):
        return SEPARATOR.join(map(json_text, given))
    return json_text(given)


def prediction_texts(given: Sequence[Any], what: str = "prediction") -> list[str]:
    """:func:`prediction_text` of each; raises InputError with the number of one that has none."""
    texts = []
    for number, one in enumerate(given, start=1):
        try:
            texts.append(prediction_text(one))
        except ValueError as error:
            raise InputError(
                f"{what} {number}: {error}. Give a text, a number, or a list of values."
            ) from None
    return texts
