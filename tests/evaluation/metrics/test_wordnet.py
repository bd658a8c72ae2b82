from collections.abc import Iterator
from pathlib import Path

import nltk
import pytest

from gentap.errors import InputError
from gentap.evaluation.metrics import wordnet as room


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine without any WordNet."""
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    monkeypatch.setattr(room, "_DEBIAN", tmp_path / "wordnet")
    room.open_wordnet.cache_clear()
    yield
    room.open_wordnet.cache_clear()


@pytest.mark.usefixtures("bare")
def test_where_there_is_no_wordnet_the_error_names_both_remedies() -> None:
    with pytest.raises(InputError) as caught:
        room.open_wordnet()
    assert "apt-get install wordnet-base" in str(caught.value)
    assert "python -m nltk.downloader wordnet" in str(caught.value)


@pytest.mark.usefixtures("wordnet")
def test_it_is_wordnet_3_with_all_its_synsets() -> None:
    words = room.open_wordnet()
    synsets = 0
    for part in ("noun", "verb", "adj", "adv"):
        with words.open(f"data.{part}") as file:
            synsets += sum(not line.startswith(" ") for line in file)
    assert synsets == 117_659
    film = {lemma for synset in words.synsets("film") for lemma in synset.lemma_names()}
    assert {"movie", "picture"} <= film
    assert words.synset("dog.n.01").lexname() == "noun.animal"
    assert words.synset("sing.v.01").lexname() == "verb.creation"


def test_the_lexicographer_files_are_the_forty_five_of_the_manual() -> None:
    lines = [line.split("\t") for line in room._lexnames().splitlines()]
    assert [number for number, _, _ in lines] == [f"{number:02d}" for number in range(45)]
    names = {name: (number, part) for number, name, part in lines}
    assert names["noun.Tops"] == ("03", "1")
    assert names["noun.time"] == ("28", "1")
    assert names["verb.body"] == ("29", "2")
    assert names["verb.weather"] == ("43", "2")
    assert names["adj.ppl"] == ("44", "3")
