"""Drawings of one to five simple shapes on an even background, with the words that describe them."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from captions import COLOURS, SHAPES, DrawnShape, Pixels, colour_indices, shapes_caption

Colour = NDArray[np.float64]

# Colours that people choose by name. The pixel rule gives each of them its name here.
NAMED: dict[str, tuple[str, ...]] = {
    "red": ("ff0000", "dc143c", "cc0000", "b22222", "8b0000", "e53935"),
    "orange": ("ffa500", "ff8c00", "fb8c00", "f57c00"),
    "yellow": ("ffff00", "ffd700", "ffeb3b", "fdd835"),
    "green": ("008000", "00ff00", "228b22", "32cd32", "006400", "43a047"),
    "blue": ("0000ff", "1e90ff", "4169e1", "000080", "87ceeb", "1e88e5"),
    "purple": ("800080", "8a2be2", "9932cc", "663399", "8e24aa"),
    "pink": ("ffc0cb", "ff69b4", "ffb6c1", "ff1493", "ec407a"),
    "brown": ("a52a2a", "8b4513", "a0522d", "795548", "6d4c41"),
    "black": ("000000", "111111", "1a1a1a"),
    "white": ("ffffff", "fafafa", "f0f0f0"),
    "grey": ("808080", "a9a9a9", "c0c0c0", "696969", "9e9e9e"),
}
MIN_DISTANCE = 30.0
"""Between a shape and its background, in CIE Lab: nearer colours are hard to see."""
NAME_MARGIN = 9
"""A drawn colour keeps its name when each channel moves by this much, as noise and JPEG make it do."""
SQUASH_LIMIT = 16 / 9
"""BLIP squashes pictures to a square, so up to this ratio of the sides a square must stay a square in words."""
RECTANGLE_RATIO = 2.15


@cache
def colour_pool() -> dict[str, Colour]:
    """Random colours of each name that keep it within the margin."""
    rng = np.random.default_rng(5)
    wide = rng.integers(0, 256, (160_000, 3))
    neutral = np.clip(rng.integers(0, 256, (12_000, 1)) + rng.integers(-6, 7, (12_000, 3)), 0, 255)
    colours = np.concatenate([wide, neutral]).astype(np.int64)
    names = colour_indices(colours.astype(np.uint8))
    steady = np.ones(len(colours), bool)
    for corner in np.stack(np.meshgrid(*[[-NAME_MARGIN, NAME_MARGIN]] * 3), -1).reshape(-1, 3):
        steady &= colour_indices(np.clip(colours + corner, 0, 255).astype(np.uint8)) == names
    return {name: colours[steady & (names == index)].astype(np.float64) for index, name in enumerate(COLOURS)}


def random_colour(rng: Generator, name: str) -> Colour:
    """A colour of the given name, half of the time near to one that people choose."""
    if rng.random() < 0.5:
        chosen = str(rng.choice(NAMED[name]))
        base = np.array([int(chosen[at : at + 2], 16) for at in (0, 2, 4)], np.float64)
        moved = np.clip(base + (rng.integers(-8, 9, 3) if rng.random() < 0.5 else 0), 0, 255)
        return moved if COLOURS[int(colour_indices(moved.astype(np.uint8)))] == name else base
    pool = colour_pool()[name]
    return pool[rng.integers(len(pool))]


def lab_distance(one: Colour, other: Colour) -> float:
    """The distance of two RGB colours in CIE Lab."""
    pair = np.float32([[one, other]]) / 255
    lab = cv2.cvtColor(pair, cv2.COLOR_RGB2LAB)[0]
    return float(np.linalg.norm(lab[0] - lab[1]))


def seen_colour(rng: Generator, background: Colour, background_name: str, not_near: list[Colour]) -> tuple[str, Colour]:
    """A colour that contrasts with the background and with the colours already taken."""
    while True:
        name = str(rng.choice(COLOURS))
        colour = random_colour(rng, name)
        if name != background_name and all(lab_distance(colour, other) >= MIN_DISTANCE for other in [background, *not_near]):
            return name, colour


def outline(rng: Generator, shape: str, squash: float) -> NDArray[np.float64]:
    """The corners of a shape of radius 1 around the origin; squash is the picture's width by its height."""
    tilt = 0.0 if rng.random() < 0.5 else rng.uniform(-0.3, 0.3)
    if shape == "circle":
        at = np.arange(96) * 2 * np.pi / 96
        return np.stack([np.cos(at), np.sin(at)], 1)
    if shape == "square":
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / np.sqrt(2)
    elif shape == "triangle":
        corners = np.stack([np.sin(np.arange(3) * 2 * np.pi / 3), -np.cos(np.arange(3) * 2 * np.pi / 3)], 1)
        corners *= [rng.uniform(0.8, 1.1), rng.uniform(0.8, 1.1)]
        corners[0, 0] += 0.0 if rng.random() < 0.7 else rng.uniform(-0.6, 0.6)
        tilt += rng.choice([0, 0, 0, np.pi / 2, np.pi, -np.pi / 2])
        if rng.random() < 0.15:
            tilt = rng.uniform(0, 2 * np.pi)
    elif shape == "star":
        points, inner = (5, rng.uniform(0.36, 0.5)) if rng.random() < 0.9 else (6, rng.uniform(0.4, 0.55))
        at = np.arange(2 * points) * np.pi / points
        corners = np.stack([np.sin(at), -np.cos(at)], 1) * np.where(np.arange(2 * points) % 2, inner, 1)[:, None]
    elif shape == "rectangle":
        # Long enough on the page and after the squash, so that it cannot be taken for a square.
        upright = rng.random() < 0.5
        shrink = squash if upright else 1 / squash
        ratio = max(RECTANGLE_RATIO, RECTANGLE_RATIO / shrink) * rng.uniform(1, 1.7)
        corners = np.array([[-1, -1 / ratio], [1, -1 / ratio], [1, 1 / ratio], [-1, 1 / ratio]])
        corners = corners[:, ::-1] if upright else corners
        tilt /= 2
    else:
        thin = rng.uniform(0.03, 0.07)
        corners = np.array([[-1, -thin], [1, -thin], [1, thin], [-1, thin]])
        tilt = rng.choice([0, np.pi / 2]) if rng.random() < 0.4 else rng.uniform(0, np.pi)
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    return corners @ turn


@dataclass(frozen=True)
class Spot:
    """The place of a shape: its centre and radius in pixels."""

    x: float
    y: float
    radius: float


def free_spots(rng: Generator, count: int, width: int, height: int, smallest: float) -> list[Spot]:
    """Spots that do not touch each other, all of about one size half of the time."""
    short, long = min(width, height), max(width, height)
    low = max(0.08 * short, 0.065 * long, smallest * short)
    high = (0.47, 0.27, 0.22, 0.19, 0.17)[count - 1] * short
    low = min(low, 0.95 * high)
    while True:
        alike = rng.uniform(low, high) if rng.random() < 0.5 else 0.0
        spots: list[Spot] = []
        for _ in range(60):
            radius = alike or rng.uniform(low, high)
            x, y = rng.uniform(radius, width - radius), rng.uniform(radius, height - radius)
            if count == 1 and rng.random() < 0.4:
                x, y = width / 2, height / 2
            if all(np.hypot(x - one.x, y - one.y) > 1.08 * (radius + one.radius) for one in spots):
                spots.append(Spot(x, y, radius))
            if len(spots) == count:
                return spots
        low *= 0.97


def draw_background(rng: Generator, colour: Colour, width: int, height: int) -> NDArray[np.float32]:
    """An even background, sometimes with a slight gradient that does not change the colour's name."""
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = colour
    if rng.random() < 0.25:
        angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(4, 14)
        x, y = np.meshgrid(np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height))
        canvas += ((x * np.cos(angle) + y * np.sin(angle)) * strength)[..., None].astype(np.float32)
    return canvas


def draw_shapes(rng: Generator) -> tuple[Pixels, str]:
    """A drawing and its caption."""
    short = int(np.exp(rng.uniform(np.log(100), np.log(640)))) if rng.random() < 0.6 else 384
    aspect = 1.0 if rng.random() < 0.35 else np.exp(rng.uniform(0, np.log(SQUASH_LIMIT)))
    width, height = (round(short * aspect), short) if rng.random() < 0.75 else (short, round(short * aspect))
    background_name = str(rng.choice(COLOURS)) if rng.random() < 0.7 else str(rng.choice(["white", "black"]))
    background = random_colour(rng, background_name)
    canvas = draw_background(rng, background, width, height)

    count = int(rng.choice([1, 2, 3, 4, 5], p=[0.34, 0.25, 0.17, 0.12, 0.12]))
    same_shape, same_colour = rng.random() < 0.65, rng.random() < 0.65
    chosen = [str(rng.choice(SHAPES))] if same_shape else [str(shape) for shape in rng.choice(SHAPES, count)]
    colours = [seen_colour(rng, background, background_name, [])]
    while not same_colour and len(colours) < count:
        colours.append(seen_colour(rng, background, background_name, [colour for _, colour in colours]))

    hollow = rng.random() < 0.15
    drawn: list[DrawnShape] = []
    for index, spot in enumerate(free_spots(rng, count, width, height, 0.12 if hollow else 0.0)):
        shape, (name, colour) = chosen[index % len(chosen)], colours[index % len(colours)]
        corners = outline(rng, shape, width / height) * spot.radius + [spot.x, spot.y]
        if shape == "line":
            # A line keeps a width that survives the reduction to the model's size.
            thick = max(round(2 * 0.05 * spot.radius), round(0.016 * max(width, height)), 1)
            ends = np.int32((corners[[0, 1]] + corners[[3, 2]]) / 2 * 16)
            cv2.line(canvas, ends[0].tolist(), ends[1].tolist(), colour.tolist(), thick, cv2.LINE_AA, 4)
        elif hollow:
            thick = max(round(rng.uniform(0.1, 0.18) * spot.radius), round(0.016 * max(width, height)), 1)
            cv2.polylines(canvas, [np.int32(corners * 16)], True, colour.tolist(), thick, cv2.LINE_AA, 4)
        else:
            cv2.fillPoly(canvas, [np.int32(corners * 16)], colour.tolist(), cv2.LINE_AA, 4)
        drawn.append(DrawnShape(shape, name))
    return np.clip(canvas, 0, 255).round().astype(np.uint8), shapes_caption(drawn, background_name)
