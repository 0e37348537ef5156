"""Draws the training pictures and trains the captioner from nothing."""

import argparse
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn
from transformers import BlipForConditionalGeneration

from captions import MAX_CAPTION_IDS, MIRRORINGS, mirrored
from guides import Guide, patch_targets, start_local
from model import build_config, pixel_values, save_checkpoint
from pictures import Drawn, load_or_draw
from vocabulary import PROMPT, build_tokenizer, prompt_ids

OUT = Path(__file__).parents[2] / "built-in" / "captioner"
IGNORED = -100
PROMPTED_SHARE = 0.2
GUIDE_WEIGHT = 0.3
LONGEST = MAX_CAPTION_IDS + 3


@dataclass(frozen=True)
class Options:
    """What the command line chooses."""

    out: Path
    cache: Path
    seed: int
    count: int
    steps: int
    batch: int
    rate: float
    threads: int


class CaptionIds:
    """Captions as the decoder's inputs and targets, remembered, for drawn captions repeat."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.start = prompt_ids(tokenizer, "")
        self.prompt = prompt_ids(tokenizer, PROMPT)
        self.end = tokenizer.token_to_id("[SEP]")
        self.pad = tokenizer.token_to_id("[PAD]")
        self.known: dict[str, list[int]] = {}

    def words(self, caption: str) -> list[int]:
        """The ids of a caption alone."""
        if caption not in self.known:
            self.known[caption] = self.tokenizer.encode(caption, add_special_tokens=False).ids
        return self.known[caption]

    def batch(self, captions: list[str], rng: Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets. As in BLIP's own training a prompt is no target, so it is never begun unasked."""
        inputs = torch.full((len(captions), LONGEST), self.pad)
        targets = torch.full((len(captions), LONGEST), IGNORED)
        for row, caption in enumerate(captions):
            start = self.prompt if rng.random() < PROMPTED_SHARE else self.start
            ids = torch.tensor([*start, *self.words(caption), self.end])
            inputs[row, : len(ids)] = ids
            targets[row, len(start) : len(ids)] = ids[len(start) :]
        return inputs, targets


def mirror_some(
    pictures: NDArray[np.uint8], targets: NDArray[np.int16], captions: list[str], rng: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int16], list[str]]:
    """Each quarter of a batch is mirrored in its own way; the patches' targets and the captions follow."""

    def turn(array: NDArray[Any], how: str) -> NDArray[Any]:
        if how == "diagonally":
            return array.transpose(0, 2, 1, 3)
        return array[:, :, ::-1] if how == "sideways" else array[:, ::-1]

    parts, grids, texts = [], [], []
    for rows in np.array_split(np.arange(len(captions)), 4):
        part, grid, said = pictures[rows], targets[rows], [captions[row] for row in rows]
        for how in MIRRORINGS:
            if rng.random() < 0.5:
                part, grid, said = turn(part, how), turn(grid, how), [mirrored(caption, how) for caption in said]
        parts.append(part)
        grids.append(grid)
        texts += said
    return np.concatenate(parts), np.concatenate(grids), texts


def rate_at(step: int, options: Options) -> float:
    """A linear start, then half a cosine down to nearly nothing."""
    start = min(200, options.steps // 10)
    if step < start:
        return options.rate * (step + 1) / start
    return options.rate * (0.005 + 0.995 * 0.5 * (1 + math.cos(math.pi * (step - start) / (options.steps - start))))


def build_optimizers(model: BlipForConditionalGeneration, guide: Guide, options: Options) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, where few steps have to do; AdamW for all else."""
    inside = [weight for name, weight in model.named_parameters() if weight.ndim == 2 and "embeddings" not in name]
    taken = {id(weight) for weight in inside}
    others = [weight for weight in [*model.parameters(), *guide.parameters()] if id(weight) not in taken]
    muon = torch.optim.Muon(inside, lr=options.rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(others, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)]


def train(model: BlipForConditionalGeneration, drawn: Drawn, ids: CaptionIds, options: Options) -> None:
    """Next-word training under bfloat16 autocast; the weights stay fp32. Saves now and then, and at the end."""
    rng = np.random.default_rng(options.seed)
    guide = Guide(model.config.text_config.vocab_size)
    guide_targets = patch_targets(drawn)
    start_local(model)
    optimizers = build_optimizers(model, guide, options)
    model.train()
    began, losses, order = time.monotonic(), [], np.empty(0, np.int64)
    for step in range(options.steps):
        if len(order) < options.batch:
            order = rng.permutation(len(drawn.captions))
        rows, order = order[: options.batch], order[options.batch :]
        texts = [drawn.captions[row] for row in rows]
        pictures, grids, captions = mirror_some(drawn.pictures[rows], guide_targets[rows], texts, rng)
        inputs, targets = ids.batch(captions, rng)
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["lr"] = rate_at(step, options)
        with torch.autocast("cpu", torch.bfloat16):
            output = model(pixel_values=pixel_values(pictures), input_ids=inputs, labels=targets)
            words = torch.zeros(len(captions), guide.words.out_features).scatter_(1, targets.clamp(min=ids.pad), 1)
            aid = guide(output.image_embeds, torch.from_numpy(grids).long().flatten(1, 2), words)
        (output.loss + GUIDE_WEIGHT * aid).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append((output.loss.item(), aid.item()))
        if (step + 1) % 100 == 0:
            seconds = time.monotonic() - began
            words_loss, aid_loss = np.mean(losses[-100:], 0)
            print(f"step {step + 1} loss {words_loss:.4f} aids {aid_loss:.4f} after {seconds:.0f} s", flush=True)
        if (step + 1) % 1000 == 0 or step + 1 == options.steps:
            save_checkpoint(model, ids.tokenizer, options.out)


def parse_options() -> Options:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the checkpoint")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "captioner", help="drawn pictures")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=32_000, help="pictures to draw")
    parser.add_argument("--steps", type=int, default=7_000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=2, help="drawing processes and computing threads")
    return Options(**vars(parser.parse_args()))


def main() -> None:
    """Draws, trains and saves."""
    options = parse_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    tokenizer = build_tokenizer()
    began = time.monotonic()
    drawn = load_or_draw(options.cache, options.seed, options.count, options.threads)
    print(f"{len(drawn.captions)} pictures after {time.monotonic() - began:.0f} s", flush=True)
    model = BlipForConditionalGeneration(build_config(tokenizer))
    train(model, drawn, CaptionIds(tokenizer), options)
    print(f"saved to {options.out} after {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
