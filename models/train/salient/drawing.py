"""One training picture: a background, one or more salient objects on it, and what a camera does to both."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

import animals
import things
from backgrounds import draw_background, leaves
from canvas import Canvas, Pen
from degradations import camera, cast_shadow, letterbox, recolour
from figures import person
from set_pieces import set_piece
from simple_shapes import simple_drawing
from textures import Palette, near

SIDE = 320
"""The network's input: pictures are squashed to this square, whatever their aspect."""

# Width over height of the pictures before they are squashed.
ASPECTS = (1.0, 4 / 3, 3 / 2, 16 / 9, 3 / 4, 2 / 3)
SIMPLE_SHARE = 0.13

Draw = Callable[[Pen], None]
# What to draw, how often, and its usual height as a share of the picture's.
OBJECTS: tuple[tuple[Draw, float, float, float], ...] = (
    (person, 0.27, 0.5, 1.0),
    (things.car, 0.12, 0.35, 0.75),
    (animals.lying_animal, 0.12, 0.5, 1.1),
    (animals.standing_animal, 0.09, 0.45, 1.0),
    (animals.sitting_animal, 0.05, 0.4, 0.9),
    (animals.animal_head, 0.04, 0.5, 1.0),
    (animals.bird, 0.05, 0.4, 1.0),
    (animals.fish, 0.02, 0.4, 0.9),
    (animals.butterfly, 0.02, 0.4, 1.0),
    (things.vessel, 0.05, 0.4, 0.9),
    (things.furniture, 0.03, 0.4, 0.9),
    (things.boat, 0.02, 0.3, 0.8),
    (things.aeroplane, 0.02, 0.3, 0.8),
    (things.plant, 0.04, 0.4, 1.0),
    (things.fruit, 0.03, 0.3, 0.8),
    (things.building, 0.02, 0.4, 0.9),
    (things.assembly, 0.12, 0.3, 1.0),
)
WEIGHTS = np.array([weight for _, weight, _, _ in OBJECTS]) / sum(weight for _, weight, _, _ in OBJECTS)


def _choose(rng: np.random.Generator) -> tuple[Draw, float]:
    draw, _, low, high = OBJECTS[int(rng.choice(len(OBJECTS), p=WEIGHTS))]
    return draw, float(rng.uniform(low, high))


def _person_at(pen_args: dict, canvas: Canvas, palette: Palette, x: float, size: float, foot: float) -> None:
    """A person's y runs downwards from the top of the head, so that it is placed by that."""
    height = size * canvas.height
    person(Pen(canvas, palette, (x * canvas.width, foot * canvas.height - height), height, **pen_args))


def _draw_objects(canvas: Canvas, palette: Palette) -> float:
    """Draw the salient objects; answers where they touch the ground, as a share of the height."""
    rng = palette.rng
    count = int(rng.choice([1, 2, 3], p=[0.68, 0.23, 0.09]))
    foot = float(rng.uniform(0.72, 0.95))
    order = rng.permutation(count)
    for index in range(count):
        draw, size = _choose(rng)
        pen_args = {"mirror": bool(rng.random() < 0.5), "angle": float(rng.normal(0, 0.06)), "stretch": float(rng.uniform(0.85, 1.2))}
        if count == 1:
            x = float(np.clip(rng.normal(0.5, 0.13), 0.1, 0.9))
        else:
            x = (order[index] + 0.5 + rng.normal(0, 0.13)) / count
            size *= rng.uniform(0.5, 0.9)
        if draw is person:
            if count == 1 and rng.random() < 0.55:
                # Cut by the lower edge at the thighs, the waist or the chest; raised arms need room above the head.
                shown = rng.uniform(0.3, 0.75)
                top = rng.uniform(0.08, 0.42)
                size = (1.02 - top) / shown
                _person_at(pen_args, canvas, palette, x, size, top + size)
            else:
                _person_at(pen_args, canvas, palette, x, size, foot)
            continue
        if rng.random() < 0.06:
            pen_args["angle"] = float(rng.uniform(-0.7, 0.7))
        y = foot - 0.42 * size if rng.random() < 0.75 else rng.uniform(0.3, 0.7)
        unit = min(canvas.height, canvas.width / 1.15)
        draw(Pen(canvas, palette, (x * canvas.width, y * canvas.height), size * unit, **pen_args))
    return foot


def _occlude(canvas: Canvas, palette: Palette) -> None:
    """Grass or leaves in front of the objects' lower parts."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    x = rng.uniform(-0.2, 0.8) * w
    box = (x, h * rng.uniform(0.75, 0.9), x + w * rng.uniform(0.2, 1.0), h * 1.05)
    base = near(rng, (55, 85, 40), 30) if rng.random() < 0.7 else palette.colour()
    leaves(canvas, palette, box, int(rng.integers(10, 60)), h * rng.uniform(0.015, 0.06), base, salient=False)


def _scene(palette: Palette, canvas: Canvas) -> None:
    rng = palette.rng
    draw_background(canvas, palette)
    ground = canvas.rgb.copy()
    foot = _draw_objects(canvas, palette)
    if rng.random() < 0.55:
        # The objects are painted already; the shadow belongs below them, so only what they leave free is darkened.
        shadowed = cast_shadow(rng, ground, canvas.salient, foot * canvas.height)
        free = (255 - canvas.salient.astype(np.float32))[..., None] / 255
        canvas.rgb[:] = np.clip(canvas.rgb + free * (shadowed.astype(np.float32) - ground), 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        _occlude(canvas, palette)


def draw_picture(rng: np.random.Generator, bank: list[np.ndarray], staged: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A picture [SIDE, SIDE, 3] and its mask [SIDE, SIDE], both uint8; `staged` is the share of set pieces."""
    aspect = float(ASPECTS[int(rng.choice(len(ASPECTS), p=[0.15, 0.2, 0.3, 0.15, 0.1, 0.1]))])
    height = int(380 / np.sqrt(aspect))
    while True:
        palette = Palette(rng, bank)
        canvas = Canvas(height, int(height * aspect))
        stage = staged > 0 and rng.random() < staged
        simple = not stage and rng.random() < SIMPLE_SHARE
        if simple:
            simple_drawing(canvas, palette)
        elif stage:
            set_piece(canvas, palette)
        else:
            _scene(palette, canvas)
        if not simple and rng.random() < (0.2 if stage else 0.1):
            letterbox(palette, canvas)
        if 0.015 < float(canvas.salient.mean()) / 255 < 0.75:
            break
    rgb, mask = canvas.rgb, canvas.salient
    if not simple and rng.random() < (0.5 if stage else 0.8):
        rgb = recolour(rng, rgb)
    rgb = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    mask = cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    if not simple or rng.random() < 0.3:
        rgb = camera(rng, rgb)
    return rgb, mask
