"""Clean drawings as people make them by hand: flat named colours, one or two shapes, common picture sizes."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from captions import SHAPES, DrawnShape, Pixels, shapes_caption

# The colours of CSS by the names of the captions.
CSS: dict[str, tuple[int, int, int]] = {
    "red": (255, 0, 0), "orange": (255, 165, 0), "yellow": (255, 255, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "purple": (128, 0, 128), "pink": (255, 192, 203), "brown": (165, 42, 42), "black": (0, 0, 0), "white": (255, 255, 255),
    "grey": (128, 128, 128),
}  # fmt: skip
SIZES = ((640, 480), (480, 480), (480, 640), (1280, 720))
PALE_PAIRS = ({"white", "pink"}, {"white", "yellow"})
"""Pairs with little contrast between them."""


def corners(shape: str, radius: float) -> NDArray[np.float64]:
    """The corners of an upright shape around the origin."""
    turns = np.arange(10) * np.pi / 5
    half = radius * 0.75
    known = {
        "square": [[-half, -half], [half, -half], [half, half], [-half, half]],
        "triangle": [[0, -radius], [radius, 0.8 * radius], [-radius, 0.8 * radius]],
        "star": np.stack([np.sin(turns), -np.cos(turns)], 1) * np.where(np.arange(10) % 2, 0.4, 1)[:, None] * radius,
        "rectangle": [[-radius, -0.25 * radius], [radius, -0.25 * radius], [radius, 0.25 * radius], [-radius, 0.25 * radius]],
        "line": [[-1.3 * radius, -6], [1.3 * radius, -6], [1.3 * radius, 6], [-1.3 * radius, 6]],
    }
    return np.asarray(known[shape], np.float64)


def put(canvas: Pixels, shape: str, colour: str, x: float, y: float, radius: float) -> None:
    """Draws one shape."""
    if shape == "circle":
        cv2.circle(canvas, (round(x), round(y)), round(radius), CSS[colour], -1, cv2.LINE_AA)
    else:
        cv2.fillPoly(canvas, [np.int32(np.rint(corners(shape, radius) + [x, y]))], CSS[colour], cv2.LINE_AA)


def clean_drawings() -> Iterator[tuple[Pixels, str]]:
    """Each shape in each colour on some backgrounds, once alone and once as a pair, with its caption."""
    rng = np.random.default_rng(17)
    for shape in SHAPES:
        for colour in CSS:
            for background in CSS:
                if background == colour or {colour, background} in PALE_PAIRS:
                    continue
                for count in (1, 2):
                    width, height = SIZES[rng.integers(len(SIZES))]
                    canvas = np.empty((height, width, 3), np.uint8)
                    canvas[:] = CSS[background]
                    short = min(width, height)
                    radius = short * (rng.uniform(0.14, 0.4) if count == 1 else rng.uniform(0.12, 0.17))
                    for index in range(count):
                        x = width * (0.5 if count == 1 else (0.28, 0.72)[index])
                        put(canvas, shape, colour, x, height * rng.uniform(0.45, 0.55), radius)
                    yield canvas, shapes_caption([DrawnShape(shape, colour)] * count, background)
