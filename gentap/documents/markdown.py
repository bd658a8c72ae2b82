"""Markdown with pipe tables: by way of HTML, so that both are read by the same rules."""

import re

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_TITLE = re.compile(r"^title:[ \t]*(['\"]?)(.+?)\1[ \t]*$", re.M)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,40}\](?!:)")
_FOOTNOTE_TEXT = re.compile(r"^\[\^[^\]\s]{1,40}\]:.*$", re.M)


def markdown_to_html(text: str) -> tuple[str, str]:
    """The page in HTML (CommonMark with pipe tables), and the title that its front matter gives.

    Footnotes and front matter go; HTML within the text stays.
    """
    from markdown_it import MarkdownIt

    text = text.replace("\r\n", "\n")
    title = ""
    if front := _FRONT_MATTER.match(text):
        named = _TITLE.search(front[1])
        title = named[2] if named else ""
        text = text[front.end() :]
    text = _FOOTNOTE.sub("", _FOOTNOTE_TEXT.sub("", text))
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text), title
