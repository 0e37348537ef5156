"""Patterns and materials: what the surfaces of drawn things look like.

Objects and backgrounds draw from the same bank, so that no texture by itself tells which of the two it belongs to.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import cv2
import numpy as np

Colour = tuple[float, float, float]
BANK_SIDE = 256


def fractal_noise(rng: np.random.Generator, side: int = BANK_SIDE, roughness: float = 0.6) -> np.ndarray:
    """Noise of several octaves, stretched to 0..1."""
    total = np.zeros((side, side), np.float32)
    weight, cells = 1.0, 3
    while cells < side:
        total += weight * cv2.resize(rng.random((cells, cells), np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
        weight *= roughness
        cells *= 2
    return stretch(total)


def stretch(values: np.ndarray) -> np.ndarray:
    """The values mapped linearly to 0..1."""
    low, high = float(values.min()), float(values.max())
    return ((values - low) / max(high - low, 1e-6)).astype(np.float32)


def _stripes(rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0:BANK_SIDE, 0:BANK_SIDE].astype(np.float32) / BANK_SIDE
    warp = fractal_noise(rng, roughness=0.45)
    phase = 2 * np.pi * rng.uniform(6, 22) * x + rng.uniform(1, 12) * warp
    sharp = rng.uniform(1, 8)
    gaps = 0.6 * fractal_noise(rng) if rng.random() < 0.5 else 0.0
    return np.clip(0.5 + sharp * 0.5 * (np.sin(phase) - rng.uniform(-0.5, 0.7) - gaps), 0, 1).astype(np.float32)


def _spots(rng: np.random.Generator) -> np.ndarray:
    noise = stretch(cv2.GaussianBlur(rng.random((BANK_SIDE, BANK_SIDE), np.float32), (0, 0), rng.uniform(2, 9)))
    return np.clip(0.5 + rng.uniform(3, 15) * (noise - rng.uniform(0.5, 0.7)), 0, 1).astype(np.float32)


def _fur(rng: np.random.Generator) -> np.ndarray:
    noise = rng.random((BANK_SIDE, BANK_SIDE), np.float32)
    long, short = rng.uniform(4, 14), rng.uniform(0.4, 1.2)
    return stretch(cv2.GaussianBlur(noise, (0, 0), sigmaX=long, sigmaY=short) + 0.15 * fractal_noise(rng))


def _leaves(rng: np.random.Generator) -> np.ndarray:
    picture = np.full((BANK_SIDE, BANK_SIDE), rng.uniform(0, 90), np.uint8)
    size = rng.uniform(3, 14)
    for _ in range(int(rng.uniform(12000, 30000) / size**1.6)):
        centre = tuple(int(v) for v in rng.integers(0, BANK_SIDE, 2))
        axes = (max(1, int(size * rng.uniform(0.5, 1.3))), max(1, int(size * rng.uniform(0.15, 0.5))))
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, int(rng.integers(0, 256)), -1, cv2.LINE_AA)
    return picture.astype(np.float32) / 255


def _grid(rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0:BANK_SIDE, 0:BANK_SIDE]
    width, height = int(rng.integers(8, 50)), int(rng.integers(8, 50))
    gap = rng.uniform(0.06, 0.5)
    shift = (y // height) % 2 * (width // 2) if rng.random() < 0.5 else 0
    lines = (((x + shift) % width) < gap * width) | ((y % height) < gap * height)
    return np.clip(lines.astype(np.float32) * rng.uniform(0.5, 1) + 0.3 * fractal_noise(rng), 0, 1)


def _cells(rng: np.random.Generator) -> np.ndarray:
    seeds = np.full((BANK_SIDE, BANK_SIDE), 255, np.uint8)
    points = rng.integers(0, BANK_SIDE, (int(rng.integers(30, 300)), 2))
    seeds[points[:, 1], points[:, 0]] = 0
    return stretch(cv2.distanceTransform(seeds, cv2.DIST_L2, 5))


def pattern_bank(rng: np.random.Generator, each: int = 8) -> list[np.ndarray]:
    """Patterns in 0..1; materials cut turned and scaled pieces from them."""
    bank = [fractal_noise(rng, roughness=float(rng.uniform(0.4, 0.95))) for _ in range(2 * each)]
    for make in (_stripes, _spots, _fur, _leaves, _grid, _cells):
        bank.extend(make(rng) for _ in range(each))
    return bank


def random_colour(rng: np.random.Generator, vivid: float = 0.5) -> Colour:
    """A colour in 0..255; low `vivid` gives greys and muted tones, as most photographs have."""
    if rng.random() < 0.22:
        grey = float(rng.uniform(0, 255))
        return tuple(float(np.clip(grey + rng.normal(0, 6), 0, 255)) for _ in range(3))
    saturation = float(np.clip(rng.beta(1.6, 2.2) * (0.5 + vivid), 0, 1))
    value = float(rng.beta(1.5, 1.2))
    return tuple(255 * channel for channel in colorsys.hsv_to_rgb(rng.random(), saturation, value))


def near(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    """A colour like the one given: mostly lighter or darker, a little of another hue."""
    shift = rng.normal(0, spread)
    return tuple(float(np.clip(c + shift + rng.normal(0, spread * 0.35), 0, 255)) for c in colour)


@dataclass
class Material:
    """Two colours mixed by a pattern, under light from one side."""

    base: Colour
    second: Colour
    pattern: np.ndarray | None
    zoom: float
    angle: float
    light: tuple[float, float]
    rim: float

    def sample(self, rng: np.random.Generator, height: int, width: int, coverage: np.ndarray | None = None) -> np.ndarray:
        """Colours for a box of this size; `coverage` lets the edges of the part fall into shade, as round bodies do."""
        base = np.asarray(self.base, np.float32)
        if self.pattern is None:
            colours = np.empty((height, width, 3), np.float32)
            colours[:] = base
        else:
            cos, sin = np.cos(self.angle) / self.zoom, np.sin(self.angle) / self.zoom
            origin = rng.uniform(0, BANK_SIDE, 2)
            turn = np.float32([[cos, -sin, origin[0]], [sin, cos, origin[1]]])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            mix = cv2.warpAffine(self.pattern, turn, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
            colours = base + mix[..., None] * (np.asarray(self.second, np.float32) - base)
        shade = 1 + self.light[0] * np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        shade = shade + self.light[1] * np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        if coverage is not None and self.rim > 0:
            reach = max(3, min(height, width) // 4) | 1
            inner = cv2.blur(coverage, (reach, reach)).astype(np.float32) / 255
            shade = shade * (1 - self.rim + self.rim * np.clip(inner * 1.3 - 0.25, 0, 1))
        return np.clip(colours * shade[..., None], 0, 255)


class Palette:
    """The colours of one picture, and the materials made of them."""

    def __init__(self, rng: np.random.Generator, bank: list[np.ndarray]) -> None:
        self.rng = rng
        self.bank = bank
        self.vivid = float(rng.uniform(0, 1))
        self.anchors = [random_colour(rng, self.vivid) for _ in range(int(rng.integers(2, 6)))]
        # Drawn backgrounds near the objects' colours teach the net to look at form, not at the odd colour out.
        self.together = float(rng.choice([0.0, 0.3, 0.7]))
        self.light = (float(rng.normal(0, 0.2)), float(rng.normal(-0.1, 0.2)))

    def colour(self) -> Colour:
        """A colour of this picture."""
        if self.rng.random() < self.together:
            return near(self.rng, self.anchors[int(self.rng.integers(len(self.anchors)))], 25)
        return random_colour(self.rng, self.vivid)

    def material(self, base: Colour | None = None, second: Colour | None = None, plain: float = 0.35,
                 contrast: float = 30, zoom: tuple[float, float] = (0.3, 1.5)) -> Material:
        """A material; unless told, its second colour is a variation of its first, seldom quite another."""
        rng = self.rng
        base = base if base is not None else self.colour()
        if second is None:
            second = self.colour() if rng.random() < 0.15 else near(rng, base, contrast)
        pattern = None if rng.random() < plain else self.bank[int(rng.integers(len(self.bank)))]
        light = (self.light[0] + float(rng.normal(0, 0.08)), self.light[1] + float(rng.normal(0, 0.08)))
        rim = float(rng.uniform(0.1, 0.6)) if rng.random() < 0.6 else 0.0
        return Material(base, second, pattern, float(rng.uniform(*zoom)), float(rng.uniform(0, 2 * np.pi)), light, rim)
