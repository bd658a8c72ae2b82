from pathlib import Path

import pytest

from gentap.errors import InputError, SettingError
from gentap.trust.word_lists import find_word_list, read_word_list

SMALL = 'groups = ["women", "men"]\n[names]\nMary = "Mark"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "words.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["english", "german"])
def test_the_lists_that_ship_pair_every_word_with_one_other(name: str) -> None:
    words = read_word_list(find_word_list(name))
    assert len(words.counterparts) > 200
    for word, found in words.counterparts.items():
        back = words.counterparts[found.text.lower()]
        assert back.text.lower() == word
        assert {back.group, found.group} == {0, 1}
        assert back.kind == found.kind


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ('Maria = "Mark"\n', "line 4: the lists overlap: 'Mark' stands in them twice"),
        ('Mark = "Maria"\n', "the lists overlap: 'Mark'"),
        ('[words]\nmary = "sir"\n', "line 5: the lists overlap: 'mary'"),
        ('"Mary Ann" = "Joe"\n', "'Mary Ann' is not one word"),
        ('Ann = ""\n', "'' is not one word"),
        (
            '[forms.first]\nher = [{ before = "noun", is = "his" }]\n',
            "no class 'noun'. Known: first",
        ),
        ('[forms.first]\nher = [{ befor = "first", is = "his" }]\n', "befor"),
        ("Ann = 3\n", "names.Ann"),
        ("Ann\n", "not valid TOML"),
    ],
)
def test_lists_that_cannot_be_used_are_refused(tmp_path: Path, added: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        read_word_list(written(tmp_path, SMALL + added))


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="an empty word list"):
        read_word_list(written(tmp_path, 'groups = ["women", "men"]\n'))


def test_a_list_needs_two_groups(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="groups"):
        read_word_list(written(tmp_path, 'groups = ["women"]\n[names]\nMary = "Mark"\n'))


def test_lists_that_are_not_there_are_told() -> None:
    with pytest.raises(InputError, match="no such word list"):
        find_word_list("french")
    with pytest.raises(InputError, match=r"none.toml: no such word list"):
        read_word_list(Path("none.toml"))
