"""Bytes of a page to text, whatever their encoding."""


def decode(content: bytes, charset: str | None = None) -> str:
    """Bytes to text: byte-order mark, UTF-8, declared charset, else detection; never fails."""
    from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

    if content[:3] == b"\xef\xbb\xbf":
        return content[3:].decode("utf-8", "replace")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if order := _utf16(content):
        return content.decode(order, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    name = map_encoding_to_html5(charset, fallback_utf8=False) if charset else None
    name = name or detect_encoding(content, from_html_meta=True) or "windows-1252"
    try:
        return content.decode(name, "replace")
    except LookupError:
        return content.decode("windows-1252", "replace")


def to_utf8(content: bytes, charset: str | None = None) -> bytes:
    """As :func:`decode`, but in UTF-8: most pages are that already and stay as they are."""
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff") or content[:3] == b"\xef\xbb\xbf"
    if not marked and not _utf16(content):
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return content
    return decode(content, charset).encode("utf-8", "replace")


def _utf16(content: bytes) -> str:
    """The byte order of UTF-16 without a mark: every other byte of its markup is NUL."""
    if b"\0" not in content[:4]:
        return ""
    beginning = content[:64]
    for order, high, low in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        if not any(beginning[high::2]) and beginning[low::2].count(0) == 0:
            return order
    return ""
