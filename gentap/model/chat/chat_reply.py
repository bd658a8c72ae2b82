"""What a chat completion says: the text of each choice, without thoughts and a template's marks.

Servers differ. A text may be a list of parts; a model's thoughts may stand in a field of their own,
in the text between tags, or before a closing tag alone; a template that is not quite the model's
leaves its end marks. All of that is taken off here; what remains is what the model meant to say.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MOST_TOKENS = 10**12
_TEXT_PARTS = ("text", "output_text")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_NAMES = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|scratchpad)"
_OPEN = rf"(?:<{_NAMES}\b[^<>]*>|\[THINK\]|◁think▷|<\|begin_of_thought\|>)"
_CLOSE = rf"(?:</{_NAMES}\s*>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>)"
_THOUGHT = re.compile(rf"{_OPEN}|{_CLOSE}", re.IGNORECASE)
_CLOSING = re.compile(_CLOSE, re.IGNORECASE)
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]*<\|message\|>")
_ROLE = r"(?:\s*(?:assistant|model|user|system)\b)?"
_START = re.compile(
    rf"(?:\s*(?:<\|im_start\|>{_ROLE}|<\|start_header_id\|>{_ROLE}\s*<\|end_header_id\|>"
    rf"|<\|start\|>{_ROLE}|<start_of_turn>{_ROLE}|<\|assistant\|>|<\|begin_of_text\|>|<s>|<bos>"
    r"|\[/?INST\]))*"
)
_END = re.compile(
    r"<\|(?:im_end|eot_id|eom_id|end|endoftext|end_of_text|return|call|im_start|start"
    r"|start_header_id|user|channel)\|>|<(?:end_of_turn|start_of_turn|eos|EOT|eod)>|</s>"
    r"|\[/?INST\]|<｜[^｜<>]{1,40}｜>"
)


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """One text of a reply; ``cut`` where it ended at the limit of tokens."""

    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """The choices of a reply, and the tokens that it cost: 0 where it doesn't say."""

    choices: tuple[ChatAnswer, ...]
    tokens: int = 0


def load_reply(body: bytes) -> Any:
    """The JSON of a reply; raises ValueError. Numbers too long to be meant are infinite."""
    try:
        return json.loads(body, parse_int=_integer)
    except RecursionError:
        raise ValueError("its JSON is nested too deep") from None
    except ValueError:
        start = without_controls(body[:60].decode("utf-8", "replace")).strip()
        raise ValueError(f"it is no whole JSON: '{start}…'") from None


def read_completion(reply: Any, most: int) -> Completion:
    """The first ``most`` choices of a chat completion; raises ValueError where it is none."""
    choices = reply.get("choices") if isinstance(reply, dict) else None
    if not isinstance(choices, list) or not choices:
        raise ValueError(server_words(reply) or "it holds no choices")
    return Completion(tuple(map(_choice, choices[:most])), _tokens(reply.get("usage")))


def spoken(text: str) -> str:
    """A reply's text without thoughts and marks of a chat template.

    A thought that is not closed is all that follows it. What stands before a closing tag alone was
    opened by the prompt's template.
    """
    said = "".join(_outside_thoughts(_final_channel(text)))
    match = _START.match(said)
    return _END.split(said[match.end() if match else 0 :], maxsplit=1)[0].strip()


def _outside_thoughts(text: str) -> list[str]:
    parts: list[str] = []
    inside, place = False, 0
    for tag in _THOUGHT.finditer(text):
        if _CLOSING.fullmatch(tag[0]):
            parts = parts if inside else []
        elif not inside:
            parts += [text[place : tag.start()], "\n"]
        inside, place = not _CLOSING.fullmatch(tag[0]), tag.end()
    return parts if inside else [*parts, text[place:]]


def server_words(reply: Any) -> str:
    """What an error says in its own words, with its code; "" where it says nothing."""
    if not isinstance(reply, dict):
        return ""
    error = reply.get("error") or reply.get("detail") or reply.get("message")
    if not isinstance(error, dict):
        return error if isinstance(error, str) else json.dumps(error) if error else ""
    said = error.get("message") or error.get("msg") or json.dumps(error)
    code = error.get("code") or error.get("type")
    return f"{said} ({code})" if isinstance(code, str) and code not in str(said) else str(said)


def without_controls(text: str) -> str:
    """A text without lone surrogates, control characters and marks that turn its direction."""
    return _CONTROL.sub(" ", _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n")))


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float("inf")


def _tokens(usage: Any) -> int:
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    known = isinstance(total, int) and not isinstance(total, bool) and 0 <= total <= _MOST_TOKENS
    return total if known else 0  # type: ignore[return-value]


def _choice(choice: Any) -> ChatAnswer:
    if not isinstance(choice, dict):
        raise ValueError("a choice is no object")
    message = choice.get("message")
    said = message.get("content") if isinstance(message, dict) else choice.get("text", 0)
    return ChatAnswer(without_controls(_joined(said)), choice.get("finish_reason") == "length")


def _joined(content: Any) -> str:
    """A content's text; of a list of parts the texts, not the thoughts and images."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise ValueError("it holds no text")
    return "".join(map(_part, content))


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise ValueError("a part of its content is no object")
    text = part.get("text")
    return text if isinstance(text, str) and part.get("type", "text") in _TEXT_PARTS else ""


def _final_channel(text: str) -> str:
    """Of a reply in channels the final one; the others are thoughts."""
    channels = list(_CHANNEL.finditer(text))
    if not channels:
        return text
    final = [match for match in channels if match[1] == "final"]
    return text[final[-1].end() :] if final else ""
