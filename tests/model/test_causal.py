"""Decoder-only models of five families: parity with the stock model, gradients, saving."""

from pathlib import Path
from typing import Any

import pytest
import torch
from causal_toys import CAUSAL, causal_toy

from gentap.errors import InputError
from gentap.model.causal import CausalModel
from gentap.model.loading.load import load_table_model
from gentap.model.network import DECODERS
from gentap.model.search import Search, search
from gentap.model.steps import CausalSteps
from gentap.settings.sections import AdapterSettings

END = 1
FAMILIES = sorted(CAUSAL)


def batch(rows: int = 4, width: int = 12, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of several lengths, padded on the right, that end with the end token."""
    torch.manual_seed(seed)
    ids = torch.randint(2, 60, (rows, width))
    mask = torch.ones_like(ids)
    for row in range(rows):
        length = width - 2 * row
        ids[row, length - 1], ids[row, length:], mask[row, length:] = END, 0, 0
    return ids, mask


def labels(rows: int = 4) -> torch.Tensor:
    made = torch.randint(2, 60, (rows, 5), generator=torch.Generator().manual_seed(3))
    made[0, 3:] = -100
    made[0, 2] = END
    return made


def model_of(family: str, **settings: Any) -> CausalModel:
    return CausalModel(causal_toy(family), AdapterSettings(rank=4, **settings))


def moved(model: CausalModel) -> CausalModel:
    """The same with adapters that change something."""
    torch.manual_seed(5)
    with torch.no_grad():
        for weight in model.adapters.parameters():
            weight.normal_(std=0.2)
    return model


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("trunk", ["whole", "adapter", "frozen"])
def test_at_the_start_both_decoders_give_the_stock_logits(family: str, trunk: str) -> None:
    model, (ids, mask), wanted = model_of(family, trunk=trunk), batch(), labels()
    stock = causal_toy(family)
    for decoder in DECODERS:
        found = model(ids, mask, decoder=decoder, labels=wanted).logits
        for row in range(len(ids)):
            written = wanted[row][wanted[row] >= 0]
            length = int(mask[row].sum())
            whole = torch.cat([ids[row, :length], written[:-1]])[None]
            expected = stock(input_ids=whole).logits[0, length - 1 :]
            torch.testing.assert_close(found[row, : len(written)], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("beams", [1, 3])
def test_search_writes_what_the_stock_model_generates(family: str, beams: int) -> None:
    model, (ids, mask) = model_of(family), batch()
    settings = Search(start=END, end=END, beams=beams, max_new_tokens=8)
    with torch.inference_mode():
        steps = CausalSteps(model, "cell", model.encode(ids, mask))
        found = search(steps, settings)
        for row, of_row in enumerate(found):
            given = ids[row : row + 1, : int(mask[row].sum())]
            written = causal_toy(family).generate(
                given, attention_mask=torch.ones_like(given), num_beams=beams, do_sample=False,
                max_new_tokens=8, eos_token_id=END, pad_token_id=0,
            )[0, given.shape[1] :].tolist()  # fmt: skip
            until = written.index(END) if END in written else len(written)
            assert of_row == written[:until]


def losses(model: CausalModel) -> torch.Tensor:
    ids, mask = batch()
    made = labels()
    return model(ids, mask, long_labels=made[:2], cell_labels=made[2:]).loss  # type: ignore[no-any-return]


def test_a_step_encodes_the_mixed_batch_once_and_is_the_mean_of_its_objectives() -> None:
    model = moved(model_of("llama"))
    calls: list[int] = []
    model.trunk.base_model.register_forward_hook(
        lambda module, given, out: calls.append(out.last_hidden_state.shape[1])
    )
    ids, mask = batch()
    made = labels()
    both = losses(model)
    assert calls == [11, 5, 5]
    alone = [
        model(ids[:2], mask[:2], long_labels=made[:2]).loss,
        model(ids[2:], mask[2:], cell_labels=made[2:]).loss,
    ]
    torch.testing.assert_close(both, torch.stack(alone).mean())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("checkpointing", [False, True])
def test_gradients_reach_all_that_is_trained(family: str, checkpointing: bool) -> None:
    model = moved(model_of(family)).train()
    if checkpointing:
        model.gradient_checkpointing_enable()
    losses(model).backward()
    without = [name for name, weight in model.named_parameters() if weight.grad is None]
    assert without == []
    plain = moved(model_of(family)).train()
    losses(plain).backward()
    for (name, one), two in zip(model.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, msg=name)


@pytest.mark.parametrize("trunk", ["adapter", "frozen"])
def test_what_is_not_trained_gets_no_gradient(trunk: str) -> None:
    model = moved(model_of("qwen3", trunk=trunk)).train()
    losses(model).backward()
    got = {
        name.split(".")[0] for name, weight in model.named_parameters() if weight.grad is not None
    }
    assert got == {"adapters"}
    without = {name for name, one in model.adapters.named_parameters() if one.grad is None}
    # of the last layer an encoding keeps keys and values alone
    assert all(name.startswith("named.encoder.model/layers/1/") for name in without)


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_and_loaded_models_are_equal(family: str, tmp_path: Path) -> None:
    model = moved(model_of(family, trunk="adapter", both_ways=family == "llama"))
    model.save_pretrained(tmp_path)
    again = load_table_model(str(tmp_path))
    ids, mask = batch()
    for decoder in DECODERS:
        one, two = (m(ids, mask, decoder=decoder, labels=labels()).logits for m in (model, again))
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize("family", FAMILIES)
def test_peft_loads_the_adapters_alone(family: str, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM

    model = moved(model_of(family))
    model.save_pretrained(tmp_path)
    ids = batch()[0][:1]
    for decoder in DECODERS:
        with model.adapters.use(decoder):
            expected = model.trunk(input_ids=ids).logits
        stock = AutoModelForCausalLM.from_pretrained(tmp_path)
        loaded = peft.PeftModel.from_pretrained(stock, tmp_path / decoder).eval()
        torch.testing.assert_close(loaded(input_ids=ids).logits, expected, atol=1e-4, rtol=1e-4)


def test_adapters_of_another_trunk_are_refused(tmp_path: Path) -> None:
    moved(model_of("llama")).save_pretrained(tmp_path / "one")
    other = CausalModel(causal_toy("llama", num_hidden_layers=3), AdapterSettings(rank=4))
    other.save_pretrained(tmp_path / "other")
    (tmp_path / "other" / "cell").rename(tmp_path / "cell")
    (tmp_path / "one" / "cell").rename(tmp_path / "other" / "cell")
    with pytest.raises(InputError, match="an adapter of another model"):
        load_table_model(str(tmp_path / "other"))


def test_a_prefix_that_attends_both_ways_sees_what_comes_later() -> None:
    one, both = model_of("llama"), model_of("llama", both_ways=True)
    ids, mask = batch(rows=1)
    other = ids.clone()
    other[0, 9] = 7
    for model, same in ((one, True), (both, False)):
        first = [model.encode(given, mask).layers[1][0][0, :, 3] for given in (ids, other)]
        assert torch.equal(*first) == same


def test_an_exported_decoder_answers_with_transformers_and_peft_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM

    from gentap.model.export_causal import USE_FILE, write_decoder

    assert write_decoder(model_of("llama"), "cell", tmp_path / "plain")
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "plain")
    ids, mask = batch(rows=1)
    torch.testing.assert_close(plain(ids).logits, causal_toy("llama")(ids).logits)
    for trunk in ("whole", "adapter"):
        model, folder = moved(model_of("llama", trunk=trunk)), tmp_path / trunk
        with torch.inference_mode():
            steps = CausalSteps(model, "cell", model.encode(ids, mask))
            (expected,) = search(steps, Search(start=END, end=END, max_new_tokens=6))
        assert not write_decoder(model, "cell", folder)
        code = (folder / USE_FILE).read_text()

        class Tokenizer:
            eos_token_id = END

            def decode(self, given: torch.Tensor, **_: Any) -> str:
                return " ".join(map(str, given.tolist()))

        code = code.replace('AutoTokenizer.from_pretrained(".")', "given")
        monkeypatch.chdir(folder)
        names: dict[str, Any] = {"given": Tokenizer()}
        exec(code, names)
        found = [int(one) for one in names["answer"](ids[0].tolist(), max_new_tokens=6).split()]
        assert found[: len(expected)] == expected
