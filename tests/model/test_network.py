import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from stock_models import TIED
from transformers import AutoConfig, AutoModelForSeq2SeqLM, T5Config

from gentap.model.config import MODEL_TYPE, GenTapConfig
from gentap.model.device import attention
from gentap.model.loading.checkpoints import has_tied_head, load_seq2seq
from gentap.model.network import DECODERS, GenTapModel, load_model

Folder = Callable[..., Path]


def batch(rows: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """Inputs of several lengths, and labels with padding."""
    rng = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 300, (rows, 9), generator=rng)
    mask = torch.ones_like(ids)
    labels = torch.randint(3, 300, (rows, 5), generator=rng)
    for row in range(rows):
        mask[row, 9 - row :] = 0
        labels[row, 5 - row % 3 :] = -100
    return {"input_ids": ids * mask, "attention_mask": mask, "labels": labels}


def logits_of(model: Any, inputs: dict[str, torch.Tensor], **options: Any) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model(**inputs, **options).logits
    return logits


def apart(model: GenTapModel) -> GenTapModel:
    """The model with a cell decoder that is no copy of its long one."""
    rng = torch.Generator().manual_seed(5)
    shared = {id(weight) for weight in model.long.parameters()}
    with torch.no_grad():
        for weight in model.cell.parameters():
            if id(weight) not in shared:
                weight.add_(torch.randn(weight.shape, generator=rng) * 0.3)
    return model


def loaded_stock(folder: Path) -> Any:
    return AutoModelForSeq2SeqLM.from_pretrained(folder, attn_implementation=attention()).eval()


def test_after_conversion_both_decoders_are_the_stock_model_bit_for_bit(
    stock_folder: Folder, family: str
) -> None:
    folder = stock_folder(family)
    stock = loaded_stock(folder)
    model = GenTapModel.from_seq2seq(str(folder))
    inputs = batch(3)
    wanted = logits_of(stock, inputs)
    for decoder in DECODERS:
        assert torch.equal(logits_of(model, inputs, decoder=decoder), wanted)
        assert torch.equal(model(**inputs, decoder=decoder).loss, stock(**inputs).loss)
    assert logits_of(stock, batch(3, seed=1)).ne(wanted).any()


def test_the_fixtures_are_what_they_stand_for(stock_folder: Folder, family: str) -> None:
    stock = loaded_stock(stock_folder(family))
    tied = has_tied_head(stock)
    assert tied is (family in TIED)
    if family in ("t5", "t5-v1.1"):
        assert stock.config.scale_decoder_outputs is tied
    if family.startswith("bart"):
        assert stock.final_logits_bias.abs().sum() > 0


def test_the_heads_are_tied_exactly_where_the_checkpoints_is(make_stock, family: str) -> None:
    model = GenTapModel.from_stock(make_stock(family))
    heads = [model.reader(decoder).get_output_embeddings().weight for decoder in DECODERS]
    assert [has_tied_head(model.reader(decoder)) for decoder in DECODERS] == [family in TIED] * 2
    # T5Gemma's decoder has embeddings of its own, and so have two of them
    assert (heads[0] is heads[1]) is (family in TIED and family != "t5gemma")


def test_the_decoders_share_no_weight_but_the_embeddings(make_stock, family: str) -> None:
    model = GenTapModel.from_stock(make_stock(family))
    long, cell = (
        {id(weight) for weight in model.reader(decoder).get_decoder().parameters()}
        for decoder in DECODERS
    )
    own = family in ("bart-untied", "t5gemma", "t5gemma-untied")
    embeddings = [] if own else model.get_input_embeddings().parameters()
    assert long & cell == {id(weight) for weight in embeddings}
    assert model.cell.get_encoder() is model.long.get_encoder() is model.get_encoder()


def test_a_call_chooses_its_decoder(make_stock, family: str) -> None:
    model = apart(GenTapModel.from_stock(make_stock(family)))
    inputs = batch(2)
    long, cell = (logits_of(model, inputs, decoder=decoder) for decoder in DECODERS)
    assert not torch.allclose(long, cell)
    assert torch.equal(logits_of(model, inputs), long)
    labels = inputs.pop("labels")
    for decoder, logits in zip(DECODERS, (long, cell), strict=True):
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        with torch.no_grad():
            assert model(**inputs, **{f"{decoder}_labels": labels}).loss.item() == pytest.approx(
                loss.item()
            )


@settings(max_examples=20, deadline=None)
@given(
    family=st.sampled_from(["t5", "t5-v1.1", "bart"]),
    counts=st.lists(st.integers(1, 2), min_size=3, max_size=3),
    seed=st.integers(0, 99),
)
def test_the_mixed_loss_is_the_mean_of_the_objectives_losses(
    make_stock, family, counts, seed
) -> None:
    model = apart(GenTapModel.from_stock(make_stock(family)))
    inputs = batch(sum(counts), seed)
    labels = dict(
        zip(
            ("long_labels", "cell_labels", "masked_labels"),
            inputs.pop("labels").split(counts),
            strict=True,
        )
    )
    rows = [
        dict(zip(inputs, parts, strict=True))
        for parts in zip(*(tensor.split(counts) for tensor in inputs.values()), strict=True)
    ]
    with torch.no_grad():
        mixed = model(**inputs, **labels)
        parts = [
            model(**of_kind, **{name: labels[name]}).loss.item()
            for of_kind, name in zip(rows, labels, strict=True)
        ]
    assert mixed.logits is None
    assert parts[0] != pytest.approx(parts[1])
    assert mixed.loss.item() == pytest.approx(sum(parts) / 3, abs=1e-5)


def test_hidden_cells_are_learnt_by_the_long_decoder(make_stock) -> None:
    model = apart(GenTapModel.from_stock(make_stock()))
    inputs = batch(2)
    labels = inputs.pop("labels")
    with torch.no_grad():
        assert torch.equal(
            model(**inputs, masked_labels=labels).loss, model(**inputs, long_labels=labels).loss
        )


@pytest.mark.parametrize("kinds", [("long",), ("cell",), ("long", "cell")])
@pytest.mark.parametrize("family", ["t5-v1.1", "bart-untied"])
def test_one_encoding_serves_a_batch_and_gradients_reach_its_decoders(
    make_stock, family, kinds
) -> None:
    model = GenTapModel.from_stock(make_stock(family)).train()
    runs: list[int] = []
    model.get_encoder().register_forward_hook(lambda *rest: runs.append(1))
    inputs = batch(len(kinds))
    labels = inputs.pop("labels")
    model(
        **inputs, **{f"{kind}_labels": labels[row : row + 1] for row, kind in enumerate(kinds)}
    ).loss.backward()
    assert runs == [1]
    unused = {"long.model.shared.weight"}  # an untied BART's encoder and decoders have their own
    for name, weight in model.named_parameters():
        own = "decoder" in name or "lm_head" in name
        expected = (not own or name.split(".")[0] in kinds) and name not in unused
        reached = weight.grad is not None and bool(weight.grad.abs().sum() > 0)
        assert reached is expected or "k_proj.bias" in name, name


def test_a_saved_model_comes_back_with_both_decoders(tmp_path, make_stock, family: str) -> None:
    model = apart(GenTapModel.from_stock(make_stock(family)))
    model.save_pretrained(tmp_path / "one")
    inputs = batch(3)
    for loaded in (
        load_model(str(tmp_path / "one")),
        GenTapModel.from_pretrained(tmp_path / "one", attn_implementation=attention()).eval(),
    ):
        loaded.tie_weights()
        for decoder in DECODERS:
            assert torch.equal(
                logits_of(loaded, inputs, decoder=decoder),
                logits_of(model, inputs, decoder=decoder),
            )
        assert loaded.num_parameters() == model.num_parameters()
        loaded.save_pretrained(tmp_path / "two")
        for name in ("model.safetensors", "generation_config.json"):
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_shared_weights_are_stored_once(tmp_path: Path, make_stock, family: str) -> None:
    model = GenTapModel.from_stock(make_stock(family))
    model.save_pretrained(tmp_path)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        stored = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 (no mapping)
    buffers = {name for name, _ in model.named_buffers()}
    sizes = [torch.Size(shape).numel() for name, shape in stored.items() if name not in buffers]
    assert sum(sizes) == sum(weight.numel() for weight in model.parameters())
    assert not any(name.startswith(("cell.encoder", "cell.model.encoder")) for name in stored)


def test_a_copy_of_a_model_shares_nothing_with_it_and_its_decoders_one_encoder(make_stock) -> None:
    import copy

    model = GenTapModel.from_stock(make_stock())
    other = copy.deepcopy(model)
    assert other.cell.get_encoder() is other.long.get_encoder() is not model.get_encoder()
    assert not {id(weight) for weight in model.parameters()} & {
        id(weight) for weight in other.parameters()
    }


@pytest.mark.parametrize("decoder", DECODERS)
def test_an_exported_decoder_is_a_stock_model_with_equal_outputs(
    tmp_path, make_stock, family: str, decoder
) -> None:
    model = apart(GenTapModel.from_stock(make_stock(family)))
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    model.stock(decoder).save_pretrained(tmp_path)
    stock = loaded_stock(tmp_path)
    assert type(stock) is type(model.long)
    inputs = batch(3)
    assert torch.equal(logits_of(stock, inputs), logits_of(model, inputs, decoder=decoder))
    del inputs["labels"]
    options: Any = {"max_new_tokens": 6, "num_beams": 2}
    assert torch.equal(
        stock.generate(**inputs, **options), model.generate(**inputs, decoder=decoder, **options)
    )
    assert before.keys() == model.state_dict().keys()
    assert all(torch.equal(model.state_dict()[name], weight) for name, weight in before.items())


@pytest.mark.parametrize("beams", [1, 3])
def test_both_decoders_write_from_one_encoding(make_stock, family: str, beams: int) -> None:
    model = apart(GenTapModel.from_stock(make_stock(family)))
    runs: list[int] = []
    model.get_encoder().register_forward_hook(lambda *rest: runs.append(1))
    inputs = batch(3)
    del inputs["labels"]
    options: Any = {"max_new_tokens": 6, "num_beams": beams}
    both = model.generate(**inputs, decoder="both", **options)
    assert runs == [1]
    assert list(both) == ["long", "cell"]
    for decoder in DECODERS:
        alone = model.stock(decoder).generate(**inputs, **options)
        assert torch.equal(both[decoder], alone)
    assert both["long"].tolist() != both["cell"].tolist()


def test_auto_classes_know_the_saved_type(tmp_path: Path, make_stock) -> None:
    GenTapModel.from_stock(make_stock("t5-v1.1")).save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, GenTapConfig)
    assert config.model_type == MODEL_TYPE
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == MODEL_TYPE
    assert config.tied_heads is False
    assert isinstance(config.base, T5Config)
    assert config.base.scale_decoder_outputs is False
    assert (config.vocab_size, config.hidden_size) == (320, 16)
    assert isinstance(AutoModelForSeq2SeqLM.from_pretrained(tmp_path), GenTapModel)


@pytest.mark.parametrize(
    "imports",
    [
        "import gentap; gentap.register(); from transformers import AutoModelForSeq2SeqLM",
        "from transformers import AutoModelForSeq2SeqLM; import gentap; gentap.register()",
        "from gentap import GenTapModel; from transformers import AutoModelForSeq2SeqLM",
    ],
)
def test_auto_classes_know_it_in_whichever_order_the_packages_come(
    tmp_path: Path, make_stock, imports: str
) -> None:
    GenTapModel.from_stock(make_stock()).save_pretrained(tmp_path)
    program = f"{imports}\nprint(type(AutoModelForSeq2SeqLM.from_pretrained({str(tmp_path)!r})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "<class 'gentap.model.network.GenTapModel'>", done.stderr


@pytest.mark.parametrize(
    "module", ["loading.checkpoints", "config", "tokenizer", "network", "generate"]
)
def test_each_module_may_be_the_first_that_is_imported(module: str) -> None:
    program = (
        f"import gentap.model.{module}\n"
        "from transformers import AutoModelForSeq2SeqLM\n"
        "from gentap.model.network import GenTapConfig, GenTapModel\n"
        "print(AutoModelForSeq2SeqLM._model_mapping[GenTapConfig] is GenTapModel)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


def test_the_package_names_its_public_entries_without_importing_them() -> None:
    program = (
        "import sys, gentap; assert 'GenTapModel' in dir(gentap)\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
        "from gentap import GenTapModel, GenTapConfig, answer\n"
        "print(GenTapModel.__module__, GenTapConfig.__module__, answer.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == [
        "gentap.model.network",
        "gentap.model.config",
        "gentap.model.answerer",
    ], done.stderr


def test_the_dropout_is_that_of_the_stage(tmp_path: Path, stock_folder, family: str) -> None:
    model = load_model(str(stock_folder(family)), dropout=0.25)
    model.save_pretrained(tmp_path / "saved")
    for loaded, rate in ((model, 0.25), (load_model(str(tmp_path / "saved"), dropout=0.5), 0.5)):
        rates = {
            layer.p
            for name, layer in loaded.named_modules()
            if isinstance(layer, torch.nn.Dropout) and "vision_tower" not in name
        }
        if family in ("bart", "bart-untied", "mbart", "pegasus"):
            rates = {loaded.get_encoder().dropout, loaded.cell.get_decoder().dropout}
        assert rates == {rate}


def test_embeddings_and_heads_grow_and_never_shrink(stock_folder: Folder, family: str) -> None:
    folder = str(stock_folder(family))
    before = load_seq2seq(folder)
    grown = load_model(folder, vocabulary=325)
    assert grown.config.vocab_size == grown.long.config.vocab_size == 328
    tied = family in TIED
    for decoder in DECODERS:
        head = grown.reader(decoder).get_output_embeddings().weight
        assert head.shape == (328, 16)
        assert torch.equal(head[:320], before.get_output_embeddings().weight)
        assert has_tied_head(grown.reader(decoder)) is tied
    for new, old in (
        (grown.get_input_embeddings(), before.get_input_embeddings()),
        (grown.get_encoder().get_input_embeddings(), before.get_encoder().get_input_embeddings()),
    ):
        assert torch.equal(new.weight[:320], old.weight)
        assert len(new.weight[320:].unique(dim=0)) == 8
        assert new.weight[320:].std() < new.weight.std()
    inputs = batch(3)
    torch.testing.assert_close(logits_of(grown, inputs)[..., :320], logits_of(before, inputs))
    again = load_model(folder, vocabulary=325)
    assert torch.equal(again.get_input_embeddings().weight, grown.get_input_embeddings().weight)
    assert load_model(folder, vocabulary=100).config.vocab_size == 320


def test_a_grown_model_comes_back_as_it_was(tmp_path, stock_folder: Folder, family: str) -> None:
    grown = load_model(str(stock_folder(family)), vocabulary=325)
    grown.save_pretrained(tmp_path / "grown")
    inputs = batch(2)
    inputs["input_ids"][0, 0] = 324
    loaded = load_model(str(tmp_path / "grown"))
    assert torch.equal(logits_of(loaded, inputs), logits_of(grown, inputs))
    assert loaded.stock("cell").config.vocab_size == 328


def test_a_stock_trainer_trains_and_evaluates_with_default_arguments(tmp_path, make_stock) -> None:
    from transformers import Trainer, TrainingArguments

    inputs = batch(3)
    rows = [{name: tensor[row] for name, tensor in inputs.items()} for row in range(3)] * 4
    model = GenTapModel.from_stock(make_stock())
    before = logits_of(model, inputs)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir=str(tmp_path), report_to=[], use_cpu=True),
        train_dataset=rows,
        eval_dataset=rows,
    )
    assert trainer.label_names == ["labels"]
    assert trainer.model_accepts_loss_kwargs is False  # it weighs accumulated steps itself
    assert trainer.train().global_step == 6
    assert logits_of(model.eval(), inputs).ne(before).any()
    assert trainer.evaluate()["eval_loss"] == pytest.approx(model(**inputs).loss.item(), rel=0.01)
