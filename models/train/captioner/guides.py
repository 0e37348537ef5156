"""Training aids for a model that sees few pictures: a start that knows where patches lie, and targets for each patch.

The aids leave no trace in the checkpoint: the heads that learn the targets are dropped after training.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from transformers import BlipForConditionalGeneration

from captions import COLOURS, COUNTS, SHAPES, colour_indices
from model import PATCH, WIDTH
from pictures import SIDE, Drawn

GRID = SIDE // PATCH
UNKNOWN = -100
SEEN = 36
"""A pixel is part of a shape when a channel differs from the background by this much."""


def wave_positions() -> torch.Tensor:
    """Sines and cosines of row and column for each patch, as strong as the patches' own content."""
    frequencies = torch.exp(torch.linspace(0, -2.5, WIDTH // 4)) * np.pi / 2
    angles = torch.arange(GRID)[:, None] * frequencies
    waves = torch.cat([angles.sin(), angles.cos()], 1)
    rows, columns = waves[:, None].expand(-1, GRID, -1), waves[None].expand(GRID, -1, -1)
    return 0.7 * torch.cat([rows, columns], 2).reshape(GRID * GRID, WIDTH)


@torch.no_grad()
def start_local(model: BlipForConditionalGeneration) -> None:
    """Lets every patch attend to patches that are like it and near it from the first step on."""
    vision = model.vision_model
    vision.embeddings.position_embedding[0, 1:] = wave_positions()
    for layer in vision.encoder.layers:
        attention = layer.self_attn
        for head in range(attention.num_heads):
            rows = torch.empty(attention.head_dim, WIDTH)
            nn.init.orthogonal_(rows, 0.7)
            at = head * attention.head_dim
            attention.qkv.weight[at : at + attention.head_dim] = rows
            attention.qkv.weight[WIDTH + at : WIDTH + at + attention.head_dim] = rows
        for weight in (attention.qkv.weight[2 * WIDTH :], attention.projection.weight):
            weight.normal_(0, 0.6 * WIDTH**-0.5)


def patch_targets(drawn: Drawn) -> NDArray[np.int16]:
    """For each picture (GRID, GRID, 3): the patch's shape, whether a shape's centre lies in it, and its mean colour."""
    count = len(drawn.captions)
    targets = np.full((count, GRID, GRID, 3), UNKNOWN, np.int16)
    for index, (picture, caption) in enumerate(zip(drawn.pictures, drawn.captions)):
        means = cv2.resize(picture, (GRID, GRID), interpolation=cv2.INTER_AREA)
        targets[index, :, :, 2] = colour_indices(means)
        if " scene" in caption:
            continue
        edge = np.concatenate([picture[:2].reshape(-1, 3), picture[-2:].reshape(-1, 3)])
        apart = np.abs(picture.astype(np.int16) - np.median(edge, 0)).max(-1) > SEEN
        number, _, stats, centres = cv2.connectedComponentsWithStats(apart.astype(np.uint8))
        large = [part for part in range(1, number) if stats[part, cv2.CC_STAT_AREA] >= 10]
        said = next((COUNTS.index(word) for word in caption.split() if word in COUNTS[1:]), 2 if " and " in caption else 1)
        if len(large) == said:
            targets[index, :, :, 1] = 0
            for part in large:
                column, row = (centres[part] / PATCH).astype(int)
                targets[index, row, column, 1] = 1
        kinds = {shape for shape in SHAPES if shape in caption}
        if len(kinds) == 1:
            covered = cv2.resize(apart.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
            targets[index, :, :, 0] = np.where(covered > 0.06, 1 + SHAPES.index(kinds.pop()), UNKNOWN)
            targets[index, :, :, 0][covered < 0.005] = 0
    return targets


class Guide(nn.Module):
    """The heads for the extra targets, on the image features that the decoder reads."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.sizes = (1 + len(SHAPES), 2, len(COLOURS))
        self.patches = nn.Linear(WIDTH, sum(self.sizes))
        self.words = nn.Linear(2 * WIDTH, vocabulary)

    def forward(self, features: torch.Tensor, targets: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """The loss of the patches' targets, and of the caption's words in any order."""
        parts = self.patches(features[:, 1:]).float().split(self.sizes, -1)
        losses = [
            functional.cross_entropy(part.flatten(0, 1), targets[..., index].flatten(), ignore_index=UNKNOWN)
            for index, part in enumerate(parts)
        ]
        pooled = torch.cat([features[:, 0], features[:, 1:].mean(1)], 1)
        said = functional.binary_cross_entropy_with_logits(self.words(pooled).float(), words)
        # The mean over a vocabulary of mostly absent words is small.
        return losses[0] + 2 * losses[1] + 0.5 * losses[2] + 10 * said
