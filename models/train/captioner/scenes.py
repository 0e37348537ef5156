"""Photo-like scenes: landscapes, foliage, portraits, bokeh, streets, pages, water, textures and plain surfaces.

Nothing in them is named by a caption but colours, places, brightness, contrast and detail, all read from the pixels
afterwards; the scenes only have to spread over what photographs look like.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from captions import COLOURS, Pixels
from shapes import colour_pool

Canvas = NDArray[np.float32]


def some_colour(rng: Generator) -> Canvas:
    """A colour of a random name, so that rare names are not rare in scenes."""
    pool = colour_pool()[str(rng.choice(COLOURS))]
    return pool[rng.integers(len(pool))].astype(np.float32)


def near(rng: Generator, colour: Canvas, spread: float) -> Canvas:
    """A colour beside another one: the brightness moves more than the hue."""
    return np.clip(colour * rng.uniform(1 - spread, 1 + spread) + rng.normal(0, 12 * spread, 3), 0, 255).astype(np.float32)


def field(rng: Generator, height: int, width: int, cells: float) -> Canvas:
    """Smooth noise in 0..1 with about this many bumps along the width, more of them in finer octaves."""
    total = np.zeros((height, width), np.float32)
    weight, decay = 1.0, rng.uniform(0.35, 0.7)
    while cells < width / 2 and weight > 0.08:
        grid = rng.random((max(2, round(cells * height / width)), max(2, round(cells)))).astype(np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 2, weight * decay
    return cv2.normalize(total, None, 0, 1, cv2.NORM_MINMAX) if total.any() else total


def blend(one: Canvas, other: Canvas, share: Canvas) -> Canvas:
    """A picture between two colours or pictures, by a share for each pixel."""
    return one * (1 - share[..., None]) + other * share[..., None]


def gradient(rng: Generator, height: int, width: int) -> Canvas:
    """Two colours, fading across the picture in any direction or from its centre."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height))
    if rng.random() < 0.25:
        share = np.hypot(x - rng.uniform(-0.3, 0.3), y - rng.uniform(-0.3, 0.3)) / 0.7
    else:
        angle = rng.choice([0, np.pi / 2]) if rng.random() < 0.6 else rng.uniform(0, 2 * np.pi)
        share = (x * np.cos(angle) + y * np.sin(angle)) * rng.uniform(0.8, 4) + rng.uniform(0.2, 0.8)
    first = some_colour(rng)
    second = some_colour(rng) if rng.random() < 0.6 else near(rng, first, 0.5)
    return blend(first, second, np.clip(share, 0, 1).astype(np.float32))


def textured(rng: Generator, height: int, width: int, colour: Canvas) -> Canvas:
    """A surface of one colour with grain: grass, earth, water or cloth."""
    grain = field(rng, height, width, rng.uniform(4, 60)) - 0.5
    streak = rng.uniform(1, 8)
    if rng.random() < 0.4:
        grain = cv2.resize(cv2.resize(grain, (max(2, int(width / streak)), height)), (width, height))
    return np.clip(colour * (1 + rng.uniform(0.1, 1.4) * grain[..., None]), 0, 255)


def landscape(rng: Generator, height: int, width: int) -> Canvas:
    """Sky, hills one behind the other and a ground, with trees now and then."""
    sky = some_colour(rng)
    canvas = blend(sky, near(rng, sky, 0.4), np.repeat(np.linspace(0, 1, height, dtype=np.float32)[:, None], width, 1))
    if rng.random() < 0.5:
        clouds = np.clip((field(rng, height, width, rng.uniform(2, 6)) - rng.uniform(0.4, 0.7)) * 3, 0, 1)
        canvas = blend(canvas, np.float32([245, 245, 245]) * rng.uniform(0.6, 1), clouds)
    horizon = rng.uniform(0.15, 0.85)
    colour = some_colour(rng)
    for step in range(int(rng.integers(1, 4))):
        line = field(rng, 2, width, rng.uniform(1.5, 6))[0] - 0.5
        top = (horizon + 0.12 * step + line * rng.uniform(0, 0.35)) * height
        mask = (np.arange(height)[:, None] > top[None]).astype(np.float32)
        canvas = blend(canvas, textured(rng, height, width, colour), mask)
        colour = near(rng, colour, 0.5) if rng.random() < 0.6 else some_colour(rng)
    for _ in range(int(rng.integers(1, 9)) if rng.random() < 0.5 else 0):
        tree(rng, canvas, rng.uniform(0, width), horizon * height + rng.uniform(0, 0.25) * height)
    return canvas


def tree(rng: Generator, canvas: Canvas, x: float, foot: float) -> None:
    """A trunk and a crown of dabs."""
    height = rng.uniform(0.15, 0.6) * canvas.shape[0]
    trunk, leaf = some_colour(rng) * 0.5, near(rng, np.float32([60, 110, 40]), 0.6)
    leaf = leaf if rng.random() < 0.7 else some_colour(rng)
    cv2.line(canvas, (int(x), int(foot)), (int(x), int(foot - height)), trunk.tolist(), max(1, int(height * 0.06)), cv2.LINE_AA)
    for _ in range(30):
        at = (int(x + rng.normal(0, 0.16) * height), int(foot - height + rng.normal(0, 0.17) * height))
        cv2.circle(canvas, at, max(1, int(height * rng.uniform(0.03, 0.1))), near(rng, leaf, 0.5).tolist(), -1, cv2.LINE_AA)


def dabs(rng: Generator, canvas: Canvas, colours: list[Canvas], count: int, size: tuple[float, float]) -> None:
    """Leaves, pebbles or petals: tilted ellipses in shades of a few colours."""
    height, width = canvas.shape[:2]
    for _ in range(count):
        long = rng.uniform(*size) * width
        axes = (max(1, int(long)), max(1, int(long * rng.uniform(0.15, 0.9))))
        shade = near(rng, colours[rng.integers(len(colours))], 0.6).tolist()
        at = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        cv2.ellipse(canvas, at, axes, rng.uniform(0, 360), 0, 360, shade, -1, cv2.LINE_AA)


def foliage(rng: Generator, height: int, width: int) -> Canvas:
    """Leaves over a ground."""
    colours = [some_colour(rng) for _ in range(int(rng.integers(1, 4)))]
    canvas = textured(rng, height, width, near(rng, colours[0], 0.6) * rng.uniform(0.2, 1))
    dabs(rng, canvas, colours, int(rng.integers(60, 350)), (0.008, rng.uniform(0.02, 0.09)))
    return canvas


def bokeh(rng: Generator, height: int, width: int) -> Canvas:
    """Soft discs of light, more of them than a drawing of shapes has."""
    canvas = gradient(rng, height, width) * np.float32(rng.uniform(0.3, 1))
    colours = [some_colour(rng) for _ in range(3)]
    for _ in range(int(rng.integers(14, 50))):
        layer_share = rng.uniform(0.2, 0.8)
        at, radius = (int(rng.uniform(0, width)), int(rng.uniform(0, height))), max(2, int(rng.uniform(0.01, 0.09) * width))
        under = canvas[max(at[1], 1) - 1, max(at[0], 1) - 1]
        shade = under * (1 - layer_share) + colours[rng.integers(3)] * layer_share
        cv2.circle(canvas, at, radius, shade.tolist(), -1, cv2.LINE_AA)
    return cv2.GaussianBlur(canvas, (0, 0), width * rng.uniform(0.002, 0.015))


def street(rng: Generator, height: int, width: int) -> Canvas:
    """Blocks with windows under a sky, on a street."""
    canvas = gradient(rng, height, width)
    x, foot = 0, int(rng.uniform(0.6, 0.95) * height)
    wall = some_colour(rng)
    while x < width:
        wide, top = int(rng.uniform(0.08, 0.3) * width) + 4, int(rng.uniform(0.05, 0.6) * height)
        wall = near(rng, wall, 0.4) if rng.random() < 0.5 else some_colour(rng)
        cv2.rectangle(canvas, (x, top), (x + wide, height), wall.tolist(), -1)
        lit, step = some_colour(rng).tolist(), max(4, int(rng.uniform(0.02, 0.06) * width))
        if rng.random() < 0.8:
            for wx in range(x + step // 2, x + wide - step // 2, step):
                for wy in range(top + step // 2, foot, step):
                    cv2.rectangle(canvas, (wx, wy), (wx + step // 2, wy + step // 2), lit, -1)
        x += wide
    canvas[foot:] = textured(rng, height, width, some_colour(rng))[foot:]
    return canvas


def page(rng: Generator, height: int, width: int) -> Canvas:
    """Lines of text, as on a page or a screen, with a picture now and then."""
    paper = np.float32([250, 250, 250]) if rng.random() < 0.6 else some_colour(rng)
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[:] = paper
    ink = (paper * 0.1 if paper.mean() > 128 else 255 - paper * 0.2).tolist()
    scale = rng.uniform(0.3, 1.1)
    for y in range(int(20 * scale), height, max(6, int(rng.uniform(22, 40) * scale))):
        text = "".join(rng.choice(list("abcdefghij lmnop rstuvwxyz "), int(rng.integers(5, 1 + max(6, int(width / (17 * scale)))))))
        cv2.putText(sheet, text, (int(0.05 * width), y), int(rng.integers(0, 5)), scale, ink, 1 + int(scale > 0.7), cv2.LINE_AA)
    canvas = sheet.astype(np.float32)
    for _ in range(int(rng.integers(0, 3))):
        left, top = int(rng.uniform(0, 0.8) * width), int(rng.uniform(0, 0.8) * height)
        right, bottom = left + int(rng.uniform(0.1, 0.6) * width), top + int(rng.uniform(0.1, 0.5) * height)
        patch = gradient(rng, height, width)[top:bottom, left:right]
        canvas[top:bottom, left:right] = patch
    return canvas


def patches(rng: Generator, height: int, width: int) -> Canvas:
    """Soft or hard patches of a few colours at any scale."""
    canvas = gradient(rng, height, width) if rng.random() < 0.5 else textured(rng, height, width, some_colour(rng))
    for _ in range(int(rng.integers(1, 5))):
        share = (field(rng, height, width, rng.uniform(1.5, 12)) - rng.uniform(0.3, 0.7)) * rng.uniform(2, 30)
        canvas = blend(canvas, textured(rng, height, width, some_colour(rng)), np.clip(share, 0, 1))
    return canvas


def surface(rng: Generator, height: int, width: int) -> Canvas:
    """Almost nothing: a wall, a fog, a lens cap."""
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = some_colour(rng)
    return canvas if rng.random() < 0.3 else textured(rng, height, width, canvas[0, 0]) * 0.3 + canvas * 0.7


def subject(rng: Generator, canvas: Canvas) -> Canvas:
    """Something in front: a few joined masses with a texture, stripes or spots, such as a figure or an animal."""
    height, width = canvas.shape[:2]
    mask = np.zeros((height, width), np.float32)
    x, y, size = rng.uniform(0.15, 0.85) * width, rng.uniform(0.2, 0.85) * height, rng.uniform(0.08, 0.3) * width
    for _ in range(int(rng.integers(2, 9))):
        axes = (max(2, int(size * rng.uniform(0.15, 1))), max(2, int(size * rng.uniform(0.15, 1))))
        cv2.ellipse(mask, (int(x), int(y)), axes, rng.uniform(0, 180), 0, 360, 1, -1, cv2.LINE_AA)
        x, y = x + rng.normal(0, 0.6) * size, y + rng.normal(0, 0.6) * size
    colour = some_colour(rng)
    body = textured(rng, height, width, colour)
    if rng.random() < 0.4:
        other = some_colour(rng)
        stripes = np.sin(field(rng, height, width, 3) * rng.uniform(30, 120)) > rng.uniform(-0.3, 0.7)
        body = blend(body, other, stripes.astype(np.float32))
    return blend(canvas, body, mask)


def develop(rng: Generator, canvas: Canvas) -> Canvas:
    """What a camera and an editor do: exposure, contrast, saturation, a cast, a vignette, haze, bars."""
    height, width = canvas.shape[:2]
    if rng.random() < 0.7:
        canvas = 255 * np.power(np.clip(canvas, 0, 255) / 255, np.float32(np.exp(rng.normal(0, 0.5))))
    if rng.random() < 0.6:
        canvas = (canvas - 128) * np.float32(rng.uniform(0.3, 1.5)) + np.float32(128 + rng.normal(0, 25))
    if rng.random() < 0.5:
        grey = canvas @ np.float32([0.299, 0.587, 0.114])
        canvas = blend(np.repeat(grey[..., None], 3, 2), canvas, np.full_like(grey, rng.uniform(0, 1.4)))
    if rng.random() < 0.3:
        canvas = canvas * rng.uniform(0.7, 1.15, 3).astype(np.float32)
    if rng.random() < 0.25:
        x, y = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
        canvas = canvas * (1 - rng.uniform(0.1, 0.6) * np.clip(np.hypot(x, y) - 0.3, 0, 1))[..., None].astype(np.float32)
    if rng.random() < 0.3:
        canvas = cv2.GaussianBlur(canvas, (0, 0), width * rng.uniform(0.002, 0.03))
    if rng.random() < 0.3:
        canvas = canvas + rng.normal(0, rng.uniform(2, 30), (height, width, 1)).astype(np.float32)
    if rng.random() < 0.08:
        bar = int(rng.uniform(0.06, 0.16) * height)
        canvas[:bar] = canvas[-bar:] = 0
    return canvas


KINDS: tuple[Callable[[Generator, int, int], Canvas], ...] = (
    landscape, landscape, landscape, foliage, foliage, gradient, bokeh, street, page, patches, patches, surface,
)  # fmt: skip


def draw_scene(rng: Generator) -> Pixels:
    """A scene at 160 to 400 pixels a side."""
    width, height = int(rng.integers(160, 400)), int(rng.integers(160, 400))
    canvas = KINDS[rng.integers(len(KINDS))](rng, height, width)
    if rng.random() < 0.15:
        canvas = cv2.GaussianBlur(canvas, (0, 0), width * rng.uniform(0.01, 0.05))
    for _ in range(int(rng.choice([0, 1, 2], p=[0.4, 0.45, 0.15]))):
        canvas = subject(rng, canvas)
    return np.clip(develop(rng, canvas), 0, 255).round().astype(np.uint8)
