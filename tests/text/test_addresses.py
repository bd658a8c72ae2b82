"""One page has one canonical address, and another page has another."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.text.addresses import canonical_address

RIVERS = "en.example.org/wiki/café_rivers"
FORMS = [
    "https://en.example.org/wiki/Café_rivers",
    "http://en.example.org/wiki/Caf%C3%A9_rivers",
    "HTTPS://WWW.EN.EXAMPLE.ORG/wiki/CAFÉ_rivers#Europe",
    "https://en.m.example.org/wiki/Café_rivers",
    "https://m.en.example.org/wiki/Café_rivers",
    "http://en.example.org:80/wiki/Café_rivers/",
    "https://en.example.org:443/wiki/Café rivers",
    "https://en.example.org/w/index.php?title=Caf%C3%A9_rivers&action=render",
    "https://en.example.org/index.php?title=Café rivers",
    "https://en.example.org/index.php/Café_rivers",
    "//en.example.org/wiki/Café_rivers?action=raw",
    "en.example.org/wiki/Café_rivers",
    " <https://en.example.org/wiki/Café_rivers> ",
    "https://user:word@en.example.org./wiki/./Lakes/../Café_rivers",
    "https://web.archive.org/web/20200101000000/https://en.example.org/wiki/Café_rivers",
    "https://web.archive.org/web/2020id_/http:/en.example.org/wiki/Café_rivers",
    "web.archive.org/web/2020/en.example.org/wiki/Café_rivers",
    "https://archive.ph/2020.01.01-120000/https://en.example.org/wiki/Café_rivers",
    "https://web.archive.org/web/2021/https://archive.is/2020/https://en.example.org/wiki/Café_rivers",
    "https://webcache.googleusercontent.com/search?q=cache:aB3:en.example.org/wiki/Café_rivers",
]


@pytest.mark.parametrize("address", FORMS)
def test_a_page_has_one_address_however_it_is_written(address: str) -> None:
    assert canonical_address(address) == RIVERS


@pytest.mark.parametrize(
    "address",
    [
        "https://de.example.org/wiki/Café_rivers",
        "https://en.example.org/wiki/Café_rivers/Europe",
        "https://en.example.org/wiki/Cafe_rivers",
        "https://en.example.org:8080/wiki/Café_rivers",
        "https://en.example.org/wiki?curid=12",
        "https://example.org/wiki/Café_rivers",
    ],
)
def test_another_page_has_another_address(address: str) -> None:
    assert canonical_address(address) not in ("", RIVERS)


def test_a_query_that_names_the_page_is_part_of_it() -> None:
    queries = ["curid=12", "curid=7", "title=A", "title=B", "oldid=5"]
    addresses = [f"https://w.example/w/index.php?{query}" for query in queries]
    addresses += [f"https://w.example/view.php?id={number}" for number in (1, 2)]
    addresses += ["https://w.example/view.php", "https://w.example/list?page=2&of=a"]
    assert len({canonical_address(address) for address in addresses}) == len(addresses)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("w.example/wiki?curid=12", "https://w.example/?curid=12"),
        ("w.example/wiki?curid=12", "https://w.example/wiki?action=render&curid=12&oldid=99"),
        ("w.example/list?page=2&of=a", "http://w.example/list?of=a&page=2&utm_source=x&fbclid=1"),
        ("w.example/films.html", "https://w.example/films.html?share=1#top"),
        ("w.example/films/", "https://w.example/films/index.html"),
        ("bücher.example/a", "https://xn--bcher-kva.example/a"),
    ],
)
def test_what_names_no_page_makes_no_difference(one: str, other: str) -> None:
    assert canonical_address(one) == canonical_address(other) != ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pages.jsonl:3",
        "/wiki/Rome",
        "http://[broken/",
        "http://x]y/",
        "verdi.html",
        "a b",
        "<>",
    ],
)
def test_what_is_no_address_has_none(text: str) -> None:
    assert canonical_address(text) == ""


@given(st.text())
def test_any_text_has_a_canonical_form_that_stays(text: str) -> None:
    once = canonical_address(text)
    assert canonical_address(f"https://w.example/wiki/{quote(text)}")
    assert once == canonical_address(f" {text.strip()} ")
