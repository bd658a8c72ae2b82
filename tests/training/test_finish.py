from pathlib import Path

from gentap.training.finish import finish_model


def test_the_folder_keeps_the_model_and_loses_what_training_needed(
    tmp_path: Path, make_t5, tokenizer
) -> None:
    for name in ("checkpoints", "tokens", "vocabulary", "pairs"):
        (tmp_path / name / "deep").mkdir(parents=True)
    finish_model(make_t5(), tokenizer, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "linearizer.json"} <= names
    assert not {"checkpoints", "tokens", "vocabulary"} & names
    assert (tmp_path / "pairs" / "deep").is_dir()
