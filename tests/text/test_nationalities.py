"""The adjectives of countries."""

import re

from gentap.text.nationalities import LANGUAGES, NATIONALITIES


def test_each_country_has_adjectives_in_the_form_of_values() -> None:
    assert len(NATIONALITIES) > 100
    for country, peoples in NATIONALITIES.items():
        assert re.fullmatch(r"[a-z]+(?: [a-z]+)*|u\.s\.", country)
        assert peoples
        assert all(re.fullmatch("[a-z]+(?: [a-z]+)?", people) for people in peoples)
    assert NATIONALITIES["sweden"] == ("swedish",)
    assert NATIONALITIES["argentina"] == ("argentine", "argentinian")
    assert NATIONALITIES["south korea"] == ("south korean",)


def test_no_country_is_called_as_another_place_is() -> None:
    assert not {"georgia", "guinea", "congo", "dominica", "niger"} & NATIONALITIES.keys()
    owners: dict[str, set[str]] = {}
    for country, peoples in NATIONALITIES.items():
        for people in peoples:
            owners.setdefault(people, set()).add(country)
    several = {people: countries for people, countries in owners.items() if len(countries) > 1}
    assert several == {
        "american": {"united states", "united states of america", "usa", "u.s."},
        "british": {"united kingdom", "great britain"},
        "irish": {"ireland", "republic of ireland"},
    }


def test_adjectives_are_languages_and_others_too() -> None:
    assert {"swedish", "south korean", "arabic", "latin"} <= LANGUAGES
    assert "sweden" not in LANGUAGES
