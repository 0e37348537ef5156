"""Draws the data, trains the network in phases, exports it. One command makes the weights that ship.

The phases exist for speed: most is learnt at 96 px, where a pass costs a third of what it does at 160 px; then the core
goes on at its own 160 px, and the whole network learns edges from fresh drawings at 320 px. A phase whose checkpoint
exists is skipped, so that a run can be continued.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing import spawn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from dataset import DrawnSet, drawings
from export import export
from net import SalientNet

HERE = Path(__file__).resolve().parent
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
HELD_OUT_SEED = 1_000_003
HELD_OUT = 200


@dataclass(frozen=True)
class Phase:
    """One leg of the training: what is drawn for it, and how many pictures pass at which size."""

    name: str
    sets: tuple[DrawnSet, ...]
    side: int
    passes: int
    batch: int
    rate: float
    averaging: float
    salt: int


def phases(seed: int) -> tuple[Phase, ...]:
    """The recipe. The set pieces come late: first figure and ground in general, then what photographs look like."""
    general = DrawnSet(seed, 18_000, 160)
    with_set_pieces = DrawnSet(seed + 1, 7_000, 160, staged=0.7)
    large = DrawnSet(seed + 2, 2_500, 320, staged=0.4)
    return (
        Phase("small", (general,), side=96, passes=60_000, batch=32, rate=3e-3, averaging=0.997, salt=0),
        Phase("core", (general, with_set_pieces), side=160, passes=26_000, batch=32, rate=1.5e-3, averaging=0.995, salt=1),
        Phase("fine", (large,), side=320, passes=3_200, batch=16, rate=8e-4, averaging=0.99, salt=2),
        Phase("finish", (large,), side=320, passes=4_000, batch=16, rate=6e-4, averaging=0.99, salt=3),
    )


def held_out(phase: Phase) -> DrawnSet:
    """Drawings to watch the phase by; never trained on."""
    return DrawnSet(HELD_OUT_SEED, HELD_OUT, phase.sets[0].side)


def normalise(pictures: Tensor) -> Tensor:
    """As rembg does: divided by the picture's largest sample, then mean and deviation of ImageNet."""
    peak = pictures.amax((1, 2, 3), keepdim=True).clamp_min(1e-6)
    return (pictures / peak - MEAN) / STD


def resize(planes: Tensor, side: int) -> Tensor:
    """To a square of this side; averaged when it shrinks, so that nothing aliases."""
    if min(planes.shape[-2:]) > side:
        return F.adaptive_avg_pool2d(planes, side)
    return planes if planes.shape[-2:] == (side, side) else F.interpolate(planes, (side, side), mode="bilinear", align_corners=False)


def vary(pictures: Tensor, masks: Tensor, side: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Mirror, crop and recolour, so that no drawing is seen twice alike."""
    count, drawn = len(pictures), pictures.shape[-1]
    mirrored = torch.from_numpy(rng.random(count) < 0.5)
    pictures[mirrored] = pictures[mirrored].flip(-1)
    masks[mirrored] = masks[mirrored].flip(-1)
    if rng.random() < 0.5:
        height, width = (int(drawn * rng.uniform(0.72, 1.0)) for _ in range(2))
        y, x = int(rng.integers(0, drawn - height + 1)), int(rng.integers(0, drawn - width + 1))
        pictures, masks = (planes[..., y:y + height, x:x + width] for planes in (pictures, masks))
    pictures, masks = resize(pictures, side), resize(masks, side)
    for index in np.flatnonzero(rng.random(count) < 0.25):
        pictures[index] = pictures[index][rng.permutation(3).tolist()]
    for index in np.flatnonzero(rng.random(count) < 0.05):
        pictures[index] = 255 - pictures[index]
    gain = torch.from_numpy(rng.uniform(0.75, 1.25, (count, 3, 1, 1)).astype(np.float32))
    return (pictures * gain).clamp_(0, 255), masks


def batches(pictures: list[np.ndarray], masks: list[np.ndarray], batch: int, side: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Varied batches for ever, each epoch in another order."""
    places = [(index, row) for index, part in enumerate(pictures) for row in range(len(part))]
    while True:
        order = rng.permutation(len(places))
        for start in range(0, len(order) - batch + 1, batch):
            chosen = [places[i] for i in np.sort(order[start:start + batch])]
            x = torch.from_numpy(np.stack([pictures[i][row] for i, row in chosen])).permute(0, 3, 1, 2).float()
            y = torch.from_numpy(np.stack([masks[i][row] for i, row in chosen]))[:, None].float() / 255
            x, y = vary(x, y, side, rng)
            yield normalise(x).contiguous(memory_format=torch.channels_last), y


def map_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross entropy for every pixel's sake, and soft IoU for the object's whatever its size."""
    logits = logits.float()
    p = torch.sigmoid(logits)
    both = (p * masks).sum((1, 2, 3))
    either = (p + masks - p * masks).sum((1, 2, 3))
    return F.binary_cross_entropy_with_logits(logits, masks) + 0.5 * (1 - (both + 1) / (either + 1)).mean()


def training_loss(outputs: tuple[Tensor, ...], masks: Tensor) -> Tensor:
    """The sum over the resolutions that the network answers; the last, coarse one only guides."""
    total = torch.zeros(())
    for index, logits in enumerate(outputs):
        target = masks if logits.shape == masks.shape else F.adaptive_avg_pool2d(masks, logits.shape[-2:])
        total = total + (0.3 if index == len(outputs) - 1 else 1.0) * map_loss(logits, target)
    return total


@torch.inference_mode()
def held_out_iou(model: nn.Module, pictures: np.ndarray, masks: np.ndarray, side: int, batch: int = 20) -> float:
    """Mean IoU at one half on drawings that were not trained on."""
    model.eval()
    scores = []
    for start in range(0, len(pictures), batch):
        x = torch.from_numpy(np.array(pictures[start:start + batch])).permute(0, 3, 1, 2).float()
        y = torch.from_numpy(np.array(masks[start:start + batch]))[:, None].float()
        x, y = resize(x, side), resize(y, side)[:, 0] > 127
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = model(normalise(x).contiguous(memory_format=torch.channels_last))[0][:, 0] > 0
        scores.append((found & y).sum((1, 2)) / (found | y).sum((1, 2)).clamp_min(1))
    return float(torch.cat(scores).mean())


def average_gradients(model: nn.Module) -> None:
    """The mean over the processes, so that all take the same step."""
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for gradient, part in zip(gradients, flat.split([gradient.numel() for gradient in gradients])):
        gradient.copy_(part.view_as(gradient))


def train_phase(rank: int, phase: Phase, net: SalientNet, options: argparse.Namespace) -> None:
    """One process's part of a phase. Rank 0 keeps the running average of the weights, which is steadier than the last step."""
    started = time.monotonic()
    # One thread each and one exchange a step: threads that meet in every operation stall when the machine is shared.
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{options.port}", rank=rank, world_size=options.processes)
    rng = np.random.default_rng([options.seed, phase.salt, rank])
    parts = [drawings(options.data, wanted, options.processes) for wanted in phase.sets]
    pictures, masks = [part[0] for part in parts], [part[1] for part in parts]
    held = drawings(options.data, held_out(phase), options.processes)
    net = net.to(memory_format=torch.channels_last)
    model: nn.Module = net.core if phase.side < 320 else net
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(phase.averaging), use_buffers=True)
    steps = phase.passes // phase.batch
    optimiser = torch.optim.AdamW(model.parameters(), phase.rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, phase.rate, total_steps=steps, pct_start=0.08, final_div_factor=100)
    running = 0.0
    stream = batches(pictures, masks, phase.batch // options.processes, phase.side, rng)
    for step in range(1, steps + 1):
        x, y = next(stream)
        model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = model(x)
        if phase.side < 320:
            outputs = (outputs[0], outputs[2])
        loss = training_loss(outputs, y)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        average_gradients(model)
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        running += (loss.item() - running) * (0.02 if step > 50 else 1 / step)
        if rank > 0:
            continue
        average.update_parameters(model)
        if step % 50 == 0:
            print(f"{phase.name} {step}/{steps} loss {running:.4f} {time.monotonic() - started:.0f} s", flush=True)
        if step % 400 == 0 or step == steps:
            print(f"{phase.name} {step}/{steps} held-out IoU {held_out_iou(average.module, *held, phase.side):.4f}", flush=True)
            # What there is can be exported and tried while the phase goes on.
            torch.save({"model": average.module.state_dict(), "step": step}, options.work / f"{phase.name}-so-far.pt")
    if rank == 0:
        model.load_state_dict(average.module.state_dict())
        torch.save(net.state_dict(), options.work / f"{phase.name}.pt")
    distributed.destroy_process_group()


def main() -> None:
    """Run what is left of the phases, then export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=HERE / "data", help="where the drawings are kept (about 4 GB)")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where the checkpoints go")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "built-in" / "salient.onnx")
    parser.add_argument("--processes", type=int, default=2, help="processes that draw and train; the weights depend on it")
    parser.add_argument("--port", type=int, default=29511, help="where the processes meet")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    net = SalientNet()
    for phase in phases(options.seed):
        checkpoint = options.work / f"{phase.name}.pt"
        if not checkpoint.exists():
            for wanted in (*phase.sets, held_out(phase)):
                drawings(options.data, wanted, options.processes)
            print(f"{phase.name}: drawings are there", flush=True)
            spawn(train_phase, (phase, net, options), options.processes)
        net.load_state_dict(torch.load(checkpoint))
    export(net, options.out)


if __name__ == "__main__":
    main()
