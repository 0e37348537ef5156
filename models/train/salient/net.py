"""The network: a dense residual encoder-decoder at half resolution, and a light head that sharpens at full."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (16, 32, 64, 96, 128)
BLOCKS = (0, 1, 2, 3, 2)
DECODER = (16, 32, 48, 56)
HEAD = 8


def conv(inside: int, outside: int, kernel: int = 3, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Convolution, normalisation, rectifier."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, padding, dilation, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two 3x3 convolutions beside the identity."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(width, width, dilation=dilation),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


class Context(nn.Module):
    """Adds what the whole picture looks like to every place: figure and ground are relative."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pooled = nn.Sequential(nn.Conv2d(width, width, 1), nn.ReLU(inplace=True), nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.pooled(x.mean((2, 3), keepdim=True)))


class Core(nn.Module):
    """The encoder-decoder; answers logits and features at its input's resolution, and coarse logits for training."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, WIDTHS[0])
        stages = []
        for level, (width, blocks) in enumerate(zip(WIDTHS, BLOCKS)):
            layers: list[nn.Module] = [] if level == 0 else [conv(WIDTHS[level - 1], width, stride=2)]
            # Alternate dilation in the deep stages: a far view without more levels.
            layers += [Residual(width, 2 if level >= 3 and block % 2 else 1) for block in range(blocks)]
            stages.append(nn.Sequential(*layers))
        self.stages = nn.ModuleList(stages)
        self.context = Context(WIDTHS[-1])
        self.skips = nn.ModuleList(conv(width, out, 1) for width, out in zip(WIDTHS[:-1], DECODER))
        self.ups = nn.ModuleList(conv(above, out, 1) for above, out in zip((*DECODER[1:], WIDTHS[-1]), DECODER))
        self.merges = nn.ModuleList(conv(out, out) for out in DECODER)
        self.deepen = nn.ModuleList(Residual(out) if level > 1 else nn.Identity() for level, out in enumerate(DECODER))
        self.coarse = nn.Conv2d(DECODER[2], 1, 1)
        self.out = nn.Conv2d(DECODER[0], 1, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stem(x)
        kept = []
        for stage in self.stages:
            x = stage(x)
            kept.append(x)
        x = self.context(x)
        coarse = x
        for level in range(len(DECODER) - 1, -1, -1):
            raised = F.interpolate(self.ups[level](x), scale_factor=2, mode="bilinear", align_corners=False)
            x = self.deepen[level](self.merges[level](raised + self.skips[level](kept[level])))
            if level == 2:
                coarse = self.coarse(x)
        return self.out(x), x, coarse


class SalientNet(nn.Module):
    """320 px in, 320 px out: the core sees the picture at 160 px, the head returns to the full picture for its edges."""

    def __init__(self) -> None:
        super().__init__()
        self.core = Core()
        self.fine = conv(3, HEAD)
        self.reduce = conv(DECODER[0], HEAD, 1)
        self.head = nn.Sequential(conv(2 * HEAD + 1, HEAD), conv(HEAD, HEAD))
        self.out = nn.Conv2d(HEAD, 1, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits at 320, 160 and 40 px."""
        logits, features, coarse = self.core(F.avg_pool2d(x, 2))
        raised = F.interpolate(torch.cat([logits, self.reduce(features)], 1), scale_factor=2, mode="bilinear", align_corners=False)
        rough = raised[:, :1]
        return rough + self.out(self.head(torch.cat([raised, self.fine(x)], 1))), logits, coarse


class Exported(nn.Module):
    """What is exported: one map in 0..1."""

    def __init__(self, net: SalientNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.net(x)[0])
