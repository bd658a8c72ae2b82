"""How an endpoint wants to be asked: found out from its refusals.

Servers that speak the same protocol refuse different parts of it: vLLM takes no ``n`` above 1 with
greedy decoding, llama.cpp none at all, newer hosted models want ``max_completion_tokens`` or take
no ``temperature``. A refusal that names a part leads to a request without it; what the endpoint
then takes is its dialect.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

_SINGLE = re.compile(
    r"\bn (?:must|should|cannot|can't|is|has|>|=)|\bn[=>]|parameter:? n\b|[\"'`]n[\"'`]"
    r"|\bchoices?\b|\bgreedy\b|\b(?:multiple|several|number of) (?:choices|completions|outputs)",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"unsupported|not (?:be )?(?:supported|allowed|permitted|recogni[sz]ed)|unrecogni[sz]ed"
    r"|unknown|unexpected|extra (?:inputs|fields)|deprecated|does not (?:support|accept)",
    re.IGNORECASE,
)
_OPTIONAL = ("seed", "top_p", "temperature")
"""In the order in which they go where a refusal names several."""

_LONGEST = "max_tokens"
_LONGEST_NOW = "max_completion_tokens"


@dataclass(frozen=True, slots=True)
class RequestDialect:
    """What differs from the request as the protocol has it.

    ``single``: one answer to a request; ``renamed``: the limit of tokens has its newer name.
    """

    single: bool = False
    renamed: bool = False
    left_out: frozenset[str] = frozenset()

    def content(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """The request as it is sent: greedy decoding has one choice, asked for once."""
        sent = dict(wanted)
        if self.single or not wanted["temperature"]:
            sent["n"] = 1
        if self.renamed:
            sent[_LONGEST_NOW] = sent.pop(_LONGEST)
        return {name: value for name, value in sent.items() if name not in self.left_out}

    def after(self, refusal: str, sent: Mapping[str, Any]) -> "RequestDialect | None":
        """What to try after a refusal in these words; None where they name no part of ``sent``."""
        if _LONGEST in sent and (
            _names(refusal, _LONGEST_NOW)
            or (_names(refusal, _LONGEST) and _UNKNOWN.search(refusal))
        ):
            return replace(self, renamed=True)
        if "n" in sent and _SINGLE.search(refusal):
            if sent["n"] > 1:
                return replace(self, single=True)
            return replace(self, single=True, left_out=self.left_out | {"n"})
        named = next((name for name in _OPTIONAL if name in sent and _names(refusal, name)), None)
        return replace(self, left_out=self.left_out | {named}) if named else None

    def joined(self, other: "RequestDialect") -> "RequestDialect":
        """What either says: two threads may have found out one each."""
        return RequestDialect(
            self.single or other.single,
            self.renamed or other.renamed,
            self.left_out | other.left_out,
        )

    def told(self, before: "RequestDialect") -> list[str]:
        """What differs from an earlier dialect, for people."""
        told = [f"'{name}' is left out" for name in sorted(self.left_out - before.left_out)]
        if self.single and not before.single:
            told.append("one answer is asked for at a time")
        if self.renamed and not before.renamed:
            told.append(f"'{_LONGEST}' is sent as '{_LONGEST_NOW}'")
        return told


def _names(refusal: str, name: str) -> bool:
    return re.search(rf"(?<!\w){name}(?!\w)", refusal) is not None
