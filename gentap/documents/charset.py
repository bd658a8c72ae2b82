"""Bytes of a page to text, whatever their encoding."""


def decode(content: bytes, charset: str | None = None) -> str:
    """Bytes to text: byte-order mark, UTF-8, declared charset, else detection; never fails."""
    from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

    if content[:3] == b"\xef\xbb\xbf":
        return content[3:].decode("utf-8", "replace")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
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
    if content[:2] not in (b"\xff\xfe", b"\xfe\xff") and content[:3] != b"\xef\xbb\xbf":
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return content
    return decode(content, charset).encode("utf-8", "replace")
