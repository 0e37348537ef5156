"""Compositions in natural colours, closer to what people photograph: a car on an avenue, somebody before mountains,
an animal at the edge of a thicket. The other drawings teach figure and ground; these teach where photographs differ.
"""

from __future__ import annotations

import cv2
import numpy as np

import animals
import things
from backgrounds import leaves, mass, ridge, thicket, tree
from canvas import Canvas, Pen, blob_points
from degradations import cast_shadow
from figures import person
from textures import Colour, Palette, near, random_colour


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    return tuple(a + share * (b - a) for a, b in zip(one, other))


def corner_car(pen: Pen) -> None:
    """A car seen from a front corner: the near wheel large, the far end small, reflections along the body."""
    rng, palette = pen.rng, pen.palette
    base = near(rng, (195, 198, 202), 20) if rng.random() < 0.45 else random_colour(rng, 0.9)
    paint = palette.material(base=base, second=near(rng, base, 45), plain=0.5, zoom=(1, 3))
    dark = palette.material(base=near(rng, (30, 30, 32), 10), contrast=12)
    glass = palette.material(base=near(rng, [(40, 45, 55), (140, 165, 185), (130, 25, 55)][int(rng.integers(3))], 12), contrast=45)
    r = rng.uniform(0.1, 0.32)
    outline = np.array([(-1.0, 0.12), (-0.97, -0.02), (-0.85, -0.1), (-0.5, -0.16), (-0.15, -0.17), (0.05, -0.17 - 0.45 * r), (0.2, -0.17 - r),
                        (0.45, -0.17 - r), (0.7, -0.19 - 0.3 * r), (0.85, -0.2), (0.97, -0.12), (1.0, 0.02), (0.96, 0.12), (0.84, 0.17),
                        (0.3, 0.27), (-0.1, 0.35), (-0.3, 0.42), (-0.6, 0.43), (-0.9, 0.37), (-1.02, 0.25)])
    pen.smooth(outline + rng.normal(0, 0.018, outline.shape), paint)
    for _ in range(int(rng.integers(2, 7))):
        x0, x1 = np.sort(rng.uniform(-0.85, 0.8, 2))
        y0 = rng.uniform(-0.08, 0.25)
        x = np.linspace(x0, x1, 6)
        y = y0 - 0.1 * (x + 0.2) + rng.uniform(-0.06, 0.06) * np.sin(np.linspace(0, 3, 6))
        band = palette.material(base=near(rng, base, 55), contrast=25)
        pen.tube(np.stack([x, np.minimum(y, 0.22 - 0.1 * x)], 1), rng.uniform(0.004, 0.04), rng.uniform(0.002, 0.02), band)
    pen.smooth([(-0.08, -0.17), (0.08, -0.17 - 0.6 * r), (0.22, -0.17 - 0.88 * r), (0.48, -0.17 - 0.86 * r), (0.7, -0.2), (0.4, -0.16)], glass)
    if rng.random() < 0.8:
        pen.smooth([(-0.92, 0.12), (-0.55, 0.16), (-0.58, 0.34), (-0.86, 0.3)], dark if rng.random() < 0.6 else paint)
    light = palette.material(base=near(rng, (225, 230, 235), 20), contrast=40)
    pen.smooth([(-0.8, 0.05), (-0.45, 0.02), (-0.48, 0.07), (-0.78, 0.11)], light)
    rim = palette.material(base=near(rng, (130, 130, 135), 45), plain=0.5)
    things.wheel(pen, -0.2 + rng.normal(0, 0.04), 0.25, rng.uniform(0.16, 0.21), rng.uniform(0.62, 0.85), rim)
    things.wheel(pen, 0.8, 0.06, rng.uniform(0.1, 0.14), rng.uniform(0.45, 0.65), rim)


def _standing(canvas: Canvas, palette: Palette, x: float, foot: float, size: float) -> None:
    height = size * canvas.height
    centre = (x * canvas.width, foot * canvas.height - height)
    person(Pen(canvas, palette, centre, height, float(palette.rng.normal(0, 0.03)), mirror=bool(palette.rng.random() < 0.5)))


def _shadowed(canvas: Canvas, palette: Palette, ground: np.ndarray, foot: float) -> None:
    shaded = cast_shadow(palette.rng, ground, canvas.salient, foot * canvas.height)
    free = (255 - canvas.salient.astype(np.float32))[..., None] / 255
    canvas.rgb[:] = np.clip(canvas.rgb + free * (shaded.astype(np.float32) - ground), 0, 255).astype(np.uint8)


def avenue(canvas: Canvas, palette: Palette) -> None:
    """A road or a square before trees, hedges and roofs; a car, people, or both."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    canvas.fill(rng, palette.material(base=near(rng, (200, 212, 225), 20), contrast=18, zoom=(1, 3)))
    horizon = h * rng.uniform(0.35, 0.62)
    green = near(rng, (85, 115, 50), 22)
    if rng.random() < 0.7:
        tops = ridge(rng, w, horizon - h * rng.uniform(0.02, 0.3), h * 0.06, 0.7)
        mass(canvas, palette, tops, _mix(green, (30, 40, 25), rng.random()), plain=0.0, contrast=40)
    for x in rng.uniform(-0.05, 1.05, int(rng.integers(3, 16))):
        tree(canvas, palette, x * w, horizon + h * rng.uniform(0, 0.06), h * rng.uniform(0.3, 0.8))
    for _ in range(int(rng.integers(1, 4))):
        shade = _mix(green, [(25, 35, 20), (190, 205, 120)][int(rng.integers(2))], rng.uniform(0, 0.7))
        leaves(canvas, palette, (0, -0.02 * h, w, horizon), int(rng.integers(80, 330)), h * rng.uniform(0.006, 0.03), shade)
    if rng.random() < 0.6:
        mass(canvas, palette, ridge(rng, w, horizon - h * 0.02, h * 0.008, 0.5), near(rng, green, 25), plain=0.0)
    level = horizon + h * rng.uniform(0, 0.07)
    grey = near(rng, (150, 147, 142), 32)
    tilt = ridge(rng, w, level, h * 0.004, 0.3)
    tilt[:, 1] += np.linspace(-1, 1, len(tilt)) * h * rng.uniform(-0.08, 0.08)
    mass(canvas, palette, tilt, grey, plain=0.1, contrast=14)
    for _ in range(int(rng.integers(0, 5))):
        patch = blob_points(rng, (rng.uniform(0, w), rng.uniform(level, h)), w * rng.uniform(0.1, 0.5), h * rng.uniform(0.01, 0.06), 0.4)
        canvas.polygon(rng, patch, palette.material(base=_mix(grey, (35, 35, 45), rng.uniform(0.2, 0.8)), contrast=12), None, rng.uniform(0.5, 4))
    ground = canvas.rgb.copy()
    foot = float(np.clip((level / h) + rng.uniform(0.12, 0.32), 0.6, 0.95))
    with_car, people = rng.random() < 0.75, int(rng.integers(0, 3))
    unit = min(h, w / 1.3)
    if with_car:
        x = rng.uniform(0.3, 0.7) if people == 0 else rng.choice([rng.uniform(0.3, 0.45), rng.uniform(0.55, 0.7)])
        size = rng.uniform(0.32, 0.6)
        draw = corner_car if rng.random() < 0.7 else things.car
        draw(Pen(canvas, palette, (x * w, foot * h - 0.38 * size * unit), size * unit, float(rng.normal(0, 0.03)), mirror=bool(rng.random() < 0.5)))
    else:
        people = max(people, 1)
    for _ in range(people):
        place = rng.uniform(0.15, 0.85) if not with_car else (rng.uniform(0.82, 0.93) if x < 0.5 else rng.uniform(0.07, 0.18))
        _standing(canvas, palette, float(place), foot + rng.uniform(-0.08, 0.04), rng.uniform(0.4, 0.7))
    _shadowed(canvas, palette, ground, foot)


def summit(canvas: Canvas, palette: Palette) -> None:
    """Somebody in the open before hazy ridges, hills or the sea, mostly cut by the lower edge."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    sky = near(rng, [(165, 205, 235), (215, 222, 230), (120, 165, 215), (235, 205, 175)][int(rng.integers(4))], 12)
    canvas.fill(rng, palette.material(base=sky, second=near(rng, sky, 15), zoom=(1, 3)))
    land = near(rng, [(70, 100, 130), (70, 95, 65), (110, 105, 95), (60, 80, 105)][int(rng.integers(4))], 15)
    count = int(rng.integers(1, 6))
    for layer in range(count):
        line = ridge(rng, w, h * (rng.uniform(0.12, 0.4) + 0.6 * layer / count), h * rng.uniform(0.05, 0.16), rng.uniform(0.3, 0.6))
        mass(canvas, palette, line, near(rng, _mix(sky, land, 0.25 + 0.75 * (layer + 1) / count), 8), plain=0.15, contrast=16)
        for _ in range(int(rng.integers(0, 9)) if layer < 2 else 0):
            at = line[int(rng.integers(len(line)))]
            patch = blob_points(rng, (at[0], at[1] + h * 0.04), w * rng.uniform(0.01, 0.1), h * rng.uniform(0.01, 0.05), 0.6)
            canvas.polygon(rng, patch, palette.material(base=near(rng, (225, 230, 238), 10), plain=0.3), None, 1.0)
    if rng.random() < 0.8:
        canvas.rgb[:] = cv2.GaussianBlur(canvas.rgb, (0, 0), rng.uniform(0.7, 5))
    if rng.random() < 0.85:
        top = rng.uniform(0.22, 0.5)
        size = (1.02 - top) / rng.uniform(0.42, 0.8)
        _standing(canvas, palette, float(rng.uniform(0.25, 0.75)), top + size, size)
    else:
        draw = (animals.standing_animal, animals.bird, animals.animal_head)[int(rng.integers(3))]
        draw(Pen(canvas, palette, (w * rng.uniform(0.35, 0.65), h * rng.uniform(0.5, 0.65)), min(h, w) * rng.uniform(0.5, 0.9)))


def den(canvas: Canvas, palette: Palette) -> None:
    """An animal on rock or grass before dark leaves, with leaves before it."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    thicket(canvas, palette)
    if rng.random() < 0.6:
        canvas.rgb[:] = (canvas.rgb * rng.uniform(0.3, 0.9)).astype(np.uint8)
    if rng.random() < 0.5:
        canvas.rgb[:] = cv2.GaussianBlur(canvas.rgb, (0, 0), rng.uniform(0.5, 3))
    ground = canvas.rgb.copy()
    foot = rng.uniform(0.75, 0.92)
    draw, low, high = [(animals.lying_animal, 0.7, 1.0), (animals.standing_animal, 0.6, 0.95), (animals.sitting_animal, 0.5, 0.85),
                       (animals.bird, 0.5, 0.9)][int(rng.choice(4, p=[0.55, 0.2, 0.15, 0.1]))]
    size = rng.uniform(low, high)
    unit = min(h, w / 1.2)
    centre = (w * rng.uniform(0.42, 0.58), foot * h - 0.4 * size * unit)
    draw(Pen(canvas, palette, centre, size * unit, float(rng.normal(0, 0.05)), mirror=bool(rng.random() < 0.5)))
    _shadowed(canvas, palette, ground, foot)
    if rng.random() < 0.5:
        x = rng.uniform(-0.1, 0.6) * w
        box = (x, h * rng.uniform(0.78, 0.9), x + w * rng.uniform(0.2, 0.7), h)
        leaves(canvas, palette, box, int(rng.integers(8, 40)), h * rng.uniform(0.012, 0.045), near(rng, (50, 85, 40), 25), salient=False)


def set_piece(canvas: Canvas, palette: Palette) -> None:
    """One of the compositions, its colours mostly as they come in nature."""
    palette.together = 0.0
    (avenue, summit, den)[int(palette.rng.choice(3, p=[0.5, 0.28, 0.22]))](canvas, palette)
