"""Two processes hold a model in parts and save it whole: launched by test_processes.py."""

import sys
from pathlib import Path

import torch
import torch.distributed
from safetensors.torch import save_file
from torch.distributed.fsdp import fully_shard

from gentap.training.loop.checkpoint import load_optimizer, save_optimizer
from gentap.training.loop.sharded import full_optimizer_state, load_full_model, load_full_optimizer


def make() -> tuple[torch.nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 10), torch.nn.Tanh(), torch.nn.Linear(10, 3))
    fully_shard(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    return model, optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)


def advance(model: torch.nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> list[float]:
    torch.manual_seed(1)
    inputs = torch.randn(8, 6)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(inputs).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main(folder: Path) -> None:
    torch.distributed.init_process_group("gloo")
    first = torch.distributed.get_rank() == 0
    model, optimizer, schedule = make()
    advance(model, optimizer, 3)
    whole = {name: value.full_tensor() for name, value in model.state_dict().items()}
    state = full_optimizer_state(model, optimizer)
    if first:
        save_file(whole, folder / "model.safetensors")
        save_optimizer(folder, state, schedule)
    torch.distributed.barrier()
    wanted = advance(model, optimizer, 4)
    other, loaded, place = make()
    load_full_model(other, folder)
    advance(other, loaded, 0)
    load_full_optimizer(other, loaded, load_optimizer(folder, place))
    assert advance(other, loaded, 4) == wanted
    if first:
        (folder / "equal").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
