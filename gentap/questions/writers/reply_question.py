"""The question in a chat model's reply, bare.

Models were asked for the question alone, and put things around it: a label (*Question:*), a lead-in
(*Sure! Here is the question:*), bullets, headings, fences, emphasis, JSON, its answer, a note on
what it asks for, an offer to write another one. All that goes; a reply without a question is given
back as its last line, for the filters to name.
"""

import json
import re

from gentap.model.chat.chat_reply import spoken

MAX_QUESTION_CHARS = 1000
_READ = 20_000
"""Characters at a reply's end that are read: what stands before them is no question alone."""


QUESTION_MARKS = "?？؟"
_QUOTES = "\"'“”‘’„«»`*_ \t"
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[\w+-]*[ \t]*$|`{3,}", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*$", re.MULTILINE)
_WRAPPER = re.compile(
    r"</?(?:answer|question|q|output|response|result|final|final_answer)\s*/?>", re.IGNORECASE
)
_BOXED = re.compile(r"\\(?:boxed|text|fbox|mathrm)\{([^{}]*)\}")
_WRAPPED_LINE = re.compile(r"(?<=[\w,;])[ \t]*\n[ \t]*(?=[a-z])")
_BULLET = re.compile(
    r"(?:[>|#•·◦▪●–—→]+|[-+](?=\s)|\*(?=\s)|(?:\(?\d{1,2}[.):]|\(?[a-z]\))(?=\s))\s*"
)
_LABELS = (
    "question|q|pregunta|pergunta|frage|domanda|vraag|fråga|spørgsmål|spørsmål|kysymys|pytanie"
    "|otázka|kérdés|întrebare|soru|вопрос|запитання|питання|ερώτηση|câu hỏi|pertanyaan|问题|問題"
    "|質問|질문|سؤال|שאלה|प्रश्न|assistant|ai|bot|model|output|response|reply|answer|result|text|maybe"
)
_LABEL = re.compile(
    rf"[\[(]?\s*(?:(?:the|my|a|final|generated|possible|suggested|revised)\s+)*(?:{_LABELS})"
    r"(?:\s*(?:#\s*)?\d{1,2})?\s*(?:[\])]\s*[:：.–-]?|(?:[*_`]*\s*(?:[:：]|[–—-](?=\s))))",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"(?:(?:sure|certainly|absolutely|of course|okay|ok|great|alright|yes)\b[^:?]{0,120}"
    r"|(?:here|this|below)\b[^:?]{0,80}\b(?:is|are|'s)\b[^:?]{0,80}|here's[^:?]{0,80}"
    r"|[^:?]{0,80}\b(?:question|would be|could be|might be|as follows)\b[^:?]{0,40}):",
    re.IGNORECASE,
)
_AFTER = re.compile(rf"[{re.escape(_QUOTES)}\])}}]*(?:$|(?<=\s)(?=[^a-z])|(?<=[*_)\]]))")
_TALK = re.compile(
    r"\b(?:you|your|me|let's)\b|^(?:should|shall|can|could|may|do|did|would) (?:i|we)\b"
    r"|^(?:is|does) (?:this|that|it) (?:question|work|help|look|meet|fit|ok|good|right|correct)",
    re.IGNORECASE,
)


def question_of(reply: str) -> str:
    """The question on one line, "" where the reply says nothing.

    Of several questions the last labelled one counts, else the last that does not talk to the user.
    """
    text = spoken(reply)[-_READ:]
    text = _RULE.sub("", _FENCE.sub("\n", text))
    text = _of_json(text) or _BOXED.sub(r"\1", _WRAPPER.sub("\n", text))
    lines = [line for line in _WRAPPED_LINE.sub(" ", text).splitlines() if line.strip(_QUOTES)]
    bare = [_bare(line) for line in lines]
    asked = [(line, labelled) for line, labelled in bare if line and line[-1] in QUESTION_MARKS]
    about = [one for one in asked if not _TALK.search(one[0])] or asked
    chosen = [one for one in about if one[1]] or about or [one for one in bare if one[0]]
    return chosen[-1][0][:MAX_QUESTION_CHARS] if chosen else ""


def _bare(line: str) -> tuple[str, bool]:
    """A line without what stands around its question, and whether a label stood before it."""
    line, labelled = " ".join(line.split()), False
    while line:
        before = line
        line = line.strip(_QUOTES)
        for mark in (_BULLET, _LABEL, _LEAD_IN):
            if match := mark.match(line):
                line = line[match.end() :].lstrip(_QUOTES + ":")
                labelled = labelled or mark is not _BULLET
        if line == before:
            break
    for place in range(len(line) - 1, -1, -1):
        if line[place] in QUESTION_MARKS:
            line = line[: place + 1] if _AFTER.match(line, place + 1) else line
            break
    return line, labelled


def _of_json(text: str) -> str:
    """The question of a JSON object or list, "" where the text is none."""
    if not text.strip().startswith(("{", "[")):
        return ""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    while isinstance(content, list) and content:
        content = content[0]
    if isinstance(content, dict):
        named = [content[name] for name in content if "question" in str(name).lower()]
        content = named[0] if named else next(iter(content.values()), "")
    while isinstance(content, list) and content:
        content = content[0]
    return content if isinstance(content, str) else ""
