import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.documents.charset import decode, to_utf8
from gentap.documents.markup.html import read_html


def test_utf8_is_read_with_and_without_a_mark_whatever_is_declared() -> None:
    text = "Žluťoučký kůň, 10 €"
    assert decode(text.encode()) == text
    assert decode(text.encode("utf-8-sig"), "latin-1") == text
    assert decode(text.encode(), "windows-1250") == text


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf16_is_read_by_its_mark(order: str) -> None:
    assert decode("\ufeffKůň".encode(order), "utf-8") == "Kůň"


def test_latin1_is_read_by_header_or_meta_element() -> None:
    text = "<meta charset=iso-8859-1><p>Café à Genève</p>"
    assert decode(text.encode("latin-1")) == text
    assert decode("Café".encode("latin-1"), "ISO-8859-1") == "Café"
    assert decode("Łódź".encode("iso-8859-2"), "latin2") == "Łódź"


def test_latin1_without_declaration_is_detected() -> None:
    text = "Le château était fermé à cause de la neige, et le curé rentra très tôt à l'église. "
    assert decode((text * 5).encode("latin-1")) == text * 5


def test_broken_utf8_keeps_what_can_be_read() -> None:
    assert decode(b"<meta charset=utf-8>ab\xffcd") == "<meta charset=utf-8>ab\ufffdcd"


def test_an_unknown_charset_falls_back_to_detection() -> None:
    text = "<meta charset=iso-8859-1>Café"
    for charset in ("no-such-charset", "idna", "undefined", "hex", "", "a\0b", "utf-7"):
        assert decode(text.encode("latin-1"), charset) == text


@settings(max_examples=100)
@given(st.binary(), st.one_of(st.none(), st.text(max_size=12)))
def test_decoding_never_fails(content: bytes, charset: str | None) -> None:
    text = decode(content, charset)
    assert text.encode("utf-8").decode("utf-8") == text
    assert to_utf8(content, charset) == text.encode()


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_known_by_its_zeros(order: str) -> None:
    text = "<!DOCTYPE html><html><head><title>Plain</title></head><p>Words, Kůň too.</p>"
    assert decode(text.encode(order), "utf-8") == text
    assert decode(text.encode(order)) == text


def test_bytes_that_are_no_text_are_read_as_something() -> None:
    assert "ABC" in decode(bytes(range(256)))
    assert decode(b"") == ""
    assert len(read_html(decode(b"\xfe\xff\xd8"), "u").blocks) == 0
