import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from gentap.errors import InputError, SettingError
from gentap.settings.recipe import (
    Recipe,
    load_recipe,
    load_section,
    make_settings,
    merge,
    parse_assignments,
    recipe_variants,
)
from gentap.settings.sections import EvaluateSettings, LinearizerSettings, MineSettings

SECTIONS = [
    "linearizer", "mine", "base", "writer", "write", "sample", "pretrain", "finetune", "evaluate",
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recipe.toml"


def error_of(path: Path, text: str) -> str:
    """The message about a recipe, without its file."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingError) as caught:
        load_recipe(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_a_recipe_needs_only_its_output(path: Path) -> None:
    path.write_text('output = "runs/a"\n', encoding="utf-8")
    recipe = load_recipe(path)
    assert recipe == Recipe(output="runs/a")
    assert [name for name in Recipe.model_fields if name in SECTIONS] == SECTIONS
    for name in SECTIONS:
        assert getattr(recipe, name) == type(getattr(recipe, name))()


def test_given_settings_are_taken_and_the_rest_keep_their_defaults(path: Path) -> None:
    path.write_text(
        'output = "a"\nseed = 7\n[mine]\ninputs = ["x", "y"]\nmin_words = 4\n'
        '[mine.fields]\ntitle = "name"\n[base]\nlearning_rate = 2e-3\nsize = "tiny"\n',
        encoding="utf-8",
    )
    recipe = load_recipe(path)
    assert (recipe.seed, recipe.workers) == (7, 2)
    assert (recipe.mine.inputs, recipe.mine.min_words) == (["x", "y"], 4)
    assert (recipe.mine.max_words, recipe.mine.fields.title) == (60, "name")
    assert recipe.mine.fields.url == "url"
    assert (recipe.base.learning_rate, recipe.base.size) == (0.002, "tiny")
    assert recipe.pretrain.learning_rate == 0.001


def test_what_is_assigned_goes_over_the_recipe(path: Path) -> None:
    path.write_text('output = "runs"\n[pretrain]\nmax_steps = 3\nbatch_tokens = 512\n')
    recipe = load_recipe(path, ["pretrain.max_steps=9", "seed=4", "pretrain.mix.long=2"])
    assert (recipe.pretrain.max_steps, recipe.pretrain.batch_tokens, recipe.seed) == (9, 512, 4)
    assert recipe.pretrain.mix.long == 2
    assert load_recipe(path).pretrain.max_steps == 3
    assert load_recipe(path, ["output=other"]).output == "other"
    bare = path.with_name("bare.toml")
    bare.write_text("seed = 2\n")
    assert load_recipe(bare, ["output=other"]).output == "other"
    with pytest.raises(SettingError, match=r"--set: unknown setting 'pretrain.max_step'.*'max_st"):
        load_recipe(path, ["pretrain.max_step=9"])
    with pytest.raises(SettingError, match="in its file alone"):
        load_recipe(path, ["extends=other.toml"])


def test_settings_do_not_change_once_made() -> None:
    settings = EvaluateSettings()
    with pytest.raises(ValueError, match="frozen"):
        settings.beams = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'output = "a"\n\n[mine]\ninputs = []\nmin_word = 3\n',
            ", line 5: unknown setting 'mine.min_word'. Did you mean 'min_words'?",
        ),
        (
            'output = "a"\nworker = 3\n[write]\nbeams = 2\n',
            ", line 2: unknown setting 'worker'. Did you mean 'workers'?",
        ),
        (
            'output = "a"\n[fintune]\nepochs = 2\n',
            ", line 2: unknown setting 'fintune'. Did you mean 'finetune'?",
        ),
        (
            'output = "a"\n[mine.fields]\nurl = "u"\ntitel = "t"\n',
            ", line 4: unknown setting 'mine.fields.titel'. Did you mean 'title'?",
        ),
        (
            'output = "a"\nmine.fields.titel = "t"\n',
            ", line 2: unknown setting 'mine.fields.titel'. Did you mean 'title'?",
        ),
        (
            'output = "a"\n[mine]\nfields = { titel = "t" }\n',
            ", line 3: unknown setting 'mine.fields.titel'. Did you mean 'title'?",
        ),
    ],
    ids=["in a section", "at the top", "a section", "nested", "dotted", "inline"],
)
def test_an_unknown_setting_is_told_with_its_line_and_the_nearest_name(
    path: Path, text: str, message: str
) -> None:
    assert error_of(path, text) == message


def test_the_line_is_that_of_the_right_section(path: Path) -> None:
    text = 'output = "a"\nseed = 1\n[base]\nepochs = 1\n[write]\nseed = 1\nepochs = 2\n'
    lines = error_of(path, text).split("\n")
    assert ", line 6: unknown setting 'write.seed'." in lines[0]
    assert ", line 7: unknown setting 'write.epochs'." in lines[1]


def test_an_unknown_setting_near_to_none_is_told_with_all_that_are_known(path: Path) -> None:
    message = error_of(path, 'output = "a"\n[linearizer]\nzzz = 1\n')
    assert message == (
        ", line 3: unknown setting 'linearizer.zzz'. Known here: max_cell_chars, "
        "max_question_tokens, max_tokens."
    )


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('output = "a"\n[write]\nbeams = "many"\n', ", line 3: ", "'write.beams' is 'many': "),
        ('output = "a"\n[write]\nbeams = 0\n', ", line 3: ", "'write.beams' is 0: "),
        (
            'output = "a"\n[base]\nsize = "huge"\n',
            ", line 3: ",
            "'tiny', 'mini', 'small' or 'base'",
        ),
        ('output = "a"\nmine = 3\n', ", line 2: ", "'mine' is 3: "),
        ("output = 3\n", ", line 1: ", "'output' is 3: "),
        ('output = "a"\n[mine]\ninputs = "x"\n', ", line 3: ", "'mine.inputs' is 'x': "),
        (
            'output = "a"\n[mine]\ninputs = [\n  "x",\n  3,\n]\n',
            ", line 3: ",
            "'mine.inputs.1' is 3",
        ),
        ('output = "a"\n[base]\ndropout = 1.0\n', ", line 3: ", "less than 1"),
        (
            'output = "a"\n[linearizer]\nmax_tokens = 100\nmax_question_tokens = 80\n',
            ", line 2: ",
            "a question must not take more than half of max_tokens",
        ),
    ],
)
def test_an_ill_typed_setting_is_told_with_its_line_and_what_is_wanted(
    path: Path, text: str, place: str, what: str
) -> None:
    message = error_of(path, text)
    assert message.startswith(place)
    assert what in message
    assert "\n" not in message


def test_a_missing_setting_is_told_by_its_name(path: Path) -> None:
    assert error_of(path, "seed = 1\n") == ": the setting 'output' is missing."


def test_every_mistake_is_told_in_a_line_of_its_own(path: Path) -> None:
    lines = error_of(path, "sede = 1\n[write]\nbeams = 0\nbeam = 1\n").split("\n")
    assert len(lines) == 4
    assert any(", line 1: unknown setting 'sede'" in line for line in lines)
    assert any(", line 3: 'write.beams' is 0" in line for line in lines)
    assert any(", line 4: unknown setting 'write.beam'" in line for line in lines)


def test_what_is_not_toml_is_told_with_line_and_column(path: Path) -> None:
    assert error_of(path, 'output = "a"\nseed = = 3\n') == (
        ": not valid TOML: Invalid value (at line 2, column 8)."
    )


def test_a_recipe_that_can_not_be_read_is_an_error(path: Path) -> None:
    with pytest.raises(InputError, match=r"recipe\.toml: no such recipe"):
        load_recipe(path)
    path.write_bytes(b'output = "\xff"\n')
    with pytest.raises(InputError, match=r"recipe\.toml: not a readable UTF-8 text file"):
        load_recipe(path)
    with pytest.raises(InputError, match=r": not a file\. Give the file of a recipe\."):
        load_recipe(path.parent)


def test_a_section_is_what_the_recipe_gives_for_it(path: Path) -> None:
    path.write_text('output = "a"\n[write]\nbeams = 3\n', encoding="utf-8")
    assert load_section(path, "write") == {"beams": 3}
    assert load_section(path, "mine") == {}


def test_a_section_needs_no_output(path: Path) -> None:
    path.write_text('[mine.fields]\ntables = ""\n', encoding="utf-8")
    assert load_section(path, "mine") == {"fields": {"tables": ""}}
    with pytest.raises(SettingError, match="the setting 'output' is missing"):
        load_recipe(path)


def test_the_output_may_stand_in_the_upper_recipe_alone(path: Path) -> None:
    (path.parent / "common.toml").write_text("seed = 4\n", encoding="utf-8")
    path.write_text('extends = "common.toml"\noutput = "b"\n', encoding="utf-8")
    recipe = load_recipe(path)
    assert (recipe.seed, recipe.output) == (4, "b")


def test_a_mistake_in_another_section_is_told_too(path: Path) -> None:
    path.write_text('output = "a"\n[write]\nbeams = 3\n[mine]\nx = 1\n', encoding="utf-8")
    with pytest.raises(SettingError, match=r"line 5: unknown setting 'mine\.x'"):
        load_section(path, "write")


def test_settings_of_the_command_line_are_checked_alike() -> None:
    assert make_settings(EvaluateSettings, {"beams": 2}, "evaluate").beams == 2
    with pytest.raises(SettingError) as caught:
        make_settings(EvaluateSettings, {"beam": 2, "chunk": "x"}, "evaluate")
    lines = sorted(str(caught.value).split("\n"))
    assert lines[0].startswith("evaluate: 'chunk' is 'x': Input should be a valid integer")
    assert lines[1] == "evaluate: unknown setting 'beam'. Did you mean 'beams'?"


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("a=3", 3),
        ("a = 2e-3", 0.002),
        ("a=true", True),
        ('a="3"', "3"),
        ('a=["x", "y"]', ["x", "y"]),
        ('a={title = "name"}', {"title": "name"}),
        ("a=tiny", "tiny"),
        ("a=runs/a=b c", "runs/a=b c"),
        ("a=", ""),
        ('a="open', '"open'),
    ],
)
def test_assigned_values_are_toml_or_bare_words(assignment: str, value: object) -> None:
    parsed = parse_assignments([assignment])
    assert parsed == {"a": value}
    assert type(parsed["a"]) is type(value)


def test_of_two_assignments_the_last_counts() -> None:
    assert parse_assignments(["a=1", "b=2", "a=3"]) == {"a": 3, "b": 2}
    assert parse_assignments([]) == {}


@pytest.mark.parametrize("assignment", ["beams", "=3", " = 3", ""])
def test_an_assignment_without_name_or_sign_is_an_error(assignment: str) -> None:
    with pytest.raises(SettingError, match=rf"--set {assignment}: write it as name=value"):
        parse_assignments(["beams=1", assignment])


@given(st.integers(), st.booleans(), st.text("abcdef ", min_size=1).map(lambda text: f"x{text}"))
def test_assigned_values_survive_their_toml_form(number: int, truth: bool, text: str) -> None:
    pairs = [f"n={number}", f"t={str(truth).lower()}", f"s='{text}'"]
    assert parse_assignments(pairs) == {"n": number, "t": truth, "s": text}


@given(st.integers(64, 2000), st.integers(8, 2000))
def test_a_question_takes_at_most_half_of_the_input(longest: int, question: int) -> None:
    values = {"max_tokens": longest, "max_question_tokens": question}
    if question * 2 <= longest:
        assert make_settings(LinearizerSettings, values, "x").max_question_tokens == question
    else:
        with pytest.raises(SettingError, match="more than half of max_tokens"):
            make_settings(LinearizerSettings, values, "linearizer")


def sections(kind: type[BaseModel]) -> list[type[BaseModel]]:
    below = [field.annotation for field in kind.model_fields.values()]
    models = [model for model in below if isinstance(model, type) and issubclass(model, BaseModel)]
    return [kind, *(inner for model in models for inner in sections(model))]


@pytest.mark.parametrize("kind", sections(Recipe))
def test_every_default_is_itself_a_right_value(kind: type[BaseModel]) -> None:
    needed = {name for name, field in kind.model_fields.items() if field.is_required()}
    assert needed == ({"output"} if kind is Recipe else set())
    values = kind(**dict.fromkeys(needed, "x")).model_dump()
    assert kind(**values).model_dump() == values


@pytest.mark.parametrize(
    "recipe",
    sorted((Path(__file__).parents[2] / "scripts" / "recipes").glob("*.toml")),
    ids=lambda path: str(path.name),
)
def test_the_recipes_that_come_along_are_right(recipe: Path) -> None:
    loaded = load_recipe(recipe)
    given = tomllib.loads(recipe.read_text(encoding="utf-8"))
    if "extends" in given:
        below = tomllib.loads((recipe.parent / given["extends"]).read_text(encoding="utf-8"))
        given = merge(below, given)
    assert loaded.model_dump(exclude_unset=True) == given


def test_lists_of_one_stage_are_not_shared_with_another() -> None:
    first, second = MineSettings(), MineSettings()
    first.inputs.append("x")
    assert second.inputs == []


def test_a_recipe_changes_the_one_that_it_extends(path: Path) -> None:
    (path.parent / "below").mkdir()
    (path.parent / "below" / "common.toml").write_text(
        'output = "a"\nseed = 7\n[mine]\nmin_words = 4\nmax_words = 50\n', encoding="utf-8"
    )
    path.write_text(
        'extends = "below/common.toml"\noutput = "b"\n[mine]\nmin_words = 5\n', encoding="utf-8"
    )
    recipe = load_recipe(path)
    assert (recipe.output, recipe.seed) == ("b", 7)
    assert (recipe.mine.min_words, recipe.mine.max_words) == (5, 50)
    assert load_section(path, "mine") == {"min_words": 5, "max_words": 50}


def test_mistakes_are_told_of_the_recipe_that_holds_them(path: Path) -> None:
    below = path.parent / "common.toml"
    below.write_text('output = "a"\n[mine]\nmin_wrds = 4\n', encoding="utf-8")
    path.write_text('extends = "common.toml"\n', encoding="utf-8")
    with pytest.raises(SettingError, match=r"common.toml, line 3: .* Did you mean 'min_words'"):
        load_recipe(path)
    below.write_text('output = "a"\n', encoding="utf-8")
    assert "line 2: " in error_of(path, 'extends = "common.toml"\nsed = 4\n')
    below.unlink()
    with pytest.raises(InputError, match=r"common.toml: no such recipe"):
        load_recipe(path)


def test_recipes_that_extend_one_another_are_an_error(path: Path) -> None:
    other = path.parent / "other.toml"
    other.write_text('extends = "recipe.toml"\noutput = "a"\n', encoding="utf-8")
    path.write_text('extends = "other.toml"\noutput = "b"\n', encoding="utf-8")
    with pytest.raises(SettingError, match="which extends this very recipe"):
        load_recipe(path)


def test_a_variant_is_a_whole_recipe_with_its_changes(path: Path) -> None:
    path.write_text(
        'output = "a"\n[finetune]\nepochs = 2\nshots = 50\n'
        '[variants."100 shots".finetune]\nshots = 100\n',
        encoding="utf-8",
    )
    recipe = load_recipe(path)
    variants = recipe_variants(recipe)
    assert list(variants) == ["100 shots"]
    assert variants["100 shots"].finetune.shots == 100
    assert variants["100 shots"].finetune.epochs == 2
    assert variants["100 shots"].output == "a"
    assert variants["100 shots"].variants == {}


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ('[variants.x]\noutput = "b"\n', "must leave output as it is"),
        ('[variants.x.evaluate]\ndata = ["b"]\n', "must leave evaluate as it is"),
        ("[variants.x.mine]\nmin_wrds = 3\n", "variant 'x': unknown setting 'mine.min_wrds'"),
        ('[variants.x.mine]\nmin_words = "many"\n', "variant 'x'"),
        ('[variants."–".mine]\nmin_words = 3\n', "needs a letter or a digit"),
    ],
)
def test_a_bad_variant_is_told_before_any_work(path: Path, variant: str, message: str) -> None:
    assert message in error_of(path, f'output = "a"\n{variant}')
