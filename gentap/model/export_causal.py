"""One decoder of a decoder-only model for other programs."""

from pathlib import Path

from gentap.errors import InputError
from gentap.model.causal import CausalModel
from gentap.model.loading.causal_checkpoints import ENCODER, TWO_DECODERS
from gentap.model.loading.older_programs import add_older_names
from gentap.model.objectives import Decoder

USE_FILE = "use.py"
_ENCODE = "cache = model(input_ids=read[:, :-1]).past_key_values"

_USE = '''"""Answer with this decoder: transformers and peft alone.

`ids` are the token ids of question and table with what closes them, as the linearizer makes them
(`gentap.model.tokenizer.load_tokenizer(".", …).linearizer.encode(question, table).ids`).
"""

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("."), "{decoder}").eval()
{encoder}

def answer(ids: list[int], max_new_tokens: int = 64) -> str:
    read = torch.tensor([ids])
    with torch.no_grad():
        # question and table are read without the decoder's adapter
        {encode}
        out = model.generate(
            input_ids=read, past_key_values=cache, max_new_tokens=max_new_tokens, do_sample=False
        )
    return tokenizer.decode(out[0, read.shape[1]:], skip_special_tokens=True).strip()
'''


def write_decoder(model: CausalModel, decoder: Decoder, folder: Path) -> bool:
    """Write a decoder, without its tokenizer; whether it is a stock model by itself.

    It is where its adapter and the trunk's change nothing. An adapter that acts on the answer's
    tokens alone can't be merged into the trunk, which reads the question too: trunk and adapters
    are written side by side then, with the lines of code that use them (``use.py``). Raises
    InputError where question and table attend both ways, which no stock model does.
    """
    if model.settings.both_ways:
        raise InputError(
            "In this model question and table attend both ways, as in no stock model, so that a "
            "decoder can't be exported. Load it with gentap."
        )
    own = [name for name in (decoder, ENCODER) if name in model.adapters.named]
    if all(model.adapters.is_zero(name) for name in own):
        if hasattr(model.config, TWO_DECODERS):
            delattr(model.config, TWO_DECODERS)
        model.trunk.save_pretrained(folder)
        add_older_names(folder)
        return True
    for name in set(model.adapters.named) - set(own):
        del model.adapters.named[name]
    model.save_pretrained(folder)
    encoder = ""
    encode = f"with model.disable_adapter():\n            {_ENCODE}"
    if ENCODER in own:
        encoder = f'model.load_adapter("{ENCODER}", "{ENCODER}")\n'
        encode = (
            f'model.set_adapter("{ENCODER}")\n        {_ENCODE}\n'
            '        model.set_adapter("default")'
        )
    code = _USE.format(decoder=decoder, encoder=encoder, encode=encode)
    (folder / USE_FILE).write_text(code, encoding="utf-8")
    return False
