"""Backgrounds: landscapes, thickets, streets, rooms, studio walls and blurred lights, with distractors."""

from __future__ import annotations

import cv2
import numpy as np

from canvas import Canvas, Pen, blob_points, ellipse_points, limb_points
from textures import Colour, Palette, near

SKIES = [(120, 170, 220), (190, 210, 230), (225, 228, 232), (160, 175, 190), (240, 200, 160), (60, 80, 120), (90, 110, 130)]
GREENS = [(50, 80, 35), (85, 120, 55), (30, 50, 28), (110, 130, 70), (20, 35, 22), (70, 90, 75)]
EARTHS = [(120, 120, 122), (95, 92, 90), (160, 150, 135), (130, 105, 75), (90, 110, 60), (200, 190, 170), (235, 238, 242), (60, 58, 55)]


def _pick(rng: np.random.Generator, colours: list[Colour], spread: float = 18) -> Colour:
    return near(rng, colours[int(rng.integers(len(colours)))], spread)


def ridge(rng: np.random.Generator, width: int, level: float, swing: float, rough: float) -> np.ndarray:
    """A random skyline: heights along x that wander about `level`."""
    x = np.linspace(0, 1, 49)
    line = np.zeros_like(x)
    weight, knots = 1.0, 3
    while knots < 48:
        line += weight * np.interp(x, np.linspace(0, 1, knots), rng.uniform(-1, 1, knots))
        weight *= rough
        knots *= 2
    return np.stack([x * (width + 20) - 10, level + swing * line], 1)


def mass(canvas: Canvas, palette: Palette, line: np.ndarray, colour: Colour, plain: float = 0.15, contrast: float = 22) -> None:
    """Fill everything below a skyline."""
    floor = [(canvas.width + 10, canvas.height + 10), (-10, canvas.height + 10)]
    material = palette.material(base=colour, plain=plain, contrast=contrast)
    material.rim = 0.0
    canvas.polygon(palette.rng, np.concatenate([line, floor]), material, None, float(palette.rng.choice([0, 0, 0.8, 2])))


def leaves(canvas: Canvas, palette: Palette, box: tuple[float, float, float, float], count: int, size: float, base: Colour,
           salient: bool | None = None) -> None:
    """Many pointed leaves or blades, of varied light."""
    rng = palette.rng
    slender = rng.uniform(0.12, 0.45)
    lean = rng.uniform(0, np.pi)
    loose = rng.uniform(0.2, 1.5)
    odd = palette.colour()
    shape = np.array([(-1, 0), (-0.4, slender), (0.3, slender * 0.9), (1, 0), (0.3, -slender * 0.9), (-0.4, -slender)], np.float32)
    for _ in range(count):
        angle = lean + rng.normal(0, loose)
        turn = np.float32([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        where = (rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3]))
        colour = near(rng, odd if rng.random() < 0.06 else base, 38)
        canvas.flat_polygon(shape @ turn.T * size * rng.uniform(0.5, 1.6) + where, colour, salient)


def tree(canvas: Canvas, palette: Palette, x: float, foot: float, high: float) -> None:
    """A tree: bare trunk, round crown or conifer."""
    rng = palette.rng
    pen = Pen(canvas, palette, (x, foot), high, salient=None)
    bark = palette.material(base=_pick(rng, [(80, 65, 50), (50, 42, 36), (200, 198, 190), (120, 105, 90)]), contrast=40)
    green = palette.material(base=_pick(rng, GREENS, 25), plain=0.0, contrast=40, zoom=(0.2, 0.8))
    if rng.random() < 0.3:
        wide = rng.uniform(0.12, 0.25)
        for top in (0.35, 0.6, 0.8):
            pen.polygon([(-wide * (1.1 - top), -top + 0.3), (0, -top - 0.25), (wide * (1.1 - top), -top + 0.3)], green)
        return
    thick = rng.uniform(0.015, 0.05)
    lean = rng.normal(0, 0.05)
    pen.limb((0, 0), (lean, -0.8), thick, thick * 0.6, bark)
    for _ in range(int(rng.integers(0, 4))):
        y = -rng.uniform(0.3, 0.8)
        pen.limb((lean * -y, y), (lean + rng.uniform(-0.3, 0.3), y - rng.uniform(0.1, 0.3)), thick * 0.4, thick * 0.2, bark)
    for _ in range(int(rng.integers(1, 6))):
        pen.blob((lean + rng.normal(0, 0.13), -rng.uniform(0.6, 1.05)), rng.uniform(0.1, 0.28), rng.uniform(0.1, 0.25), green, 0.3, 12)


def house(canvas: Canvas, palette: Palette, x: float, foot: float, wide: float, high: float) -> None:
    """A house or block with rows of windows."""
    rng = palette.rng
    wall = palette.material(plain=0.5)
    canvas.polygon(rng, np.array([(x, foot), (x, foot - high), (x + wide, foot - high), (x + wide, foot)]), wall, None)
    if rng.random() < 0.5:
        roof = [(x - wide * 0.06, foot - high), (x + wide * 0.5, foot - high * rng.uniform(1.2, 1.6)), (x + wide * 1.06, foot - high)]
        canvas.polygon(rng, np.array(roof), palette.material(), None)
    pane = palette.colour()
    columns, rows = int(rng.integers(1, 7)), int(rng.integers(1, 7))
    for i in range(columns):
        for j in range(rows):
            cx, cy = x + wide * (i + 0.5) / columns, foot - high * (j + 0.5) / rows
            sx, sy = wide / columns * 0.28, high / rows * 0.3
            canvas.flat_polygon(np.array([(cx - sx, cy - sy), (cx + sx, cy - sy), (cx + sx, cy + sy), (cx - sx, cy + sy)]), near(rng, pane, 12))


def plain(canvas: Canvas, palette: Palette) -> None:
    """A wall, a sheet of paper, a gradient, with or without a floor line."""
    rng = palette.rng
    base = (245.0, 245.0, 245.0) if rng.random() < 0.25 else palette.colour()
    canvas.fill(rng, palette.material(base=base, plain=0.6, contrast=14))
    if rng.random() < 0.5:
        level = canvas.height * rng.uniform(0.5, 0.9)
        mass(canvas, palette, ridge(rng, canvas.width, level, canvas.height * 0.004, 0.3), near(rng, base, 35), plain=0.5, contrast=14)


def landscape(canvas: Canvas, palette: Palette) -> None:
    """Sky, mountains or hills, a line of trees or houses, and the ground in front."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    sky = _pick(rng, SKIES)
    canvas.fill(rng, palette.material(base=sky, second=near(rng, sky, 20), plain=0.4, zoom=(1, 3)))
    for _ in range(int(rng.integers(0, 6))):
        cloud = palette.material(base=near(rng, (238, 240, 244), 12), plain=0.3)
        where = (rng.uniform(0, w), rng.uniform(0, h * 0.4))
        canvas.polygon(rng, blob_points(rng, where, w * rng.uniform(0.05, 0.3), h * rng.uniform(0.02, 0.08), 0.4, 12), cloud, None, rng.uniform(1, 8))
    horizon = h * rng.uniform(0.25, 0.8)
    far = near(rng, tuple(0.5 * (s + g) for s, g in zip(sky, _pick(rng, GREENS))), 15)
    for layer in range(int(rng.integers(0, 4))):
        level = horizon - h * rng.uniform(-0.05, 0.3) * (1 - layer * 0.3)
        colour = near(rng, tuple(c * (1 - 0.18 * layer) for c in far), 14)
        line = ridge(rng, w, level, h * rng.uniform(0.03, 0.15), rng.uniform(0.35, 0.6))
        mass(canvas, palette, line, colour)
        for _ in range(int(rng.integers(0, 7)) if rng.random() < 0.4 else 0):
            at = line[int(rng.integers(len(line)))]
            snow = palette.material(base=near(rng, (232, 236, 242), 10), plain=0.3)
            patch = blob_points(rng, (at[0], at[1] + h * rng.uniform(0.01, 0.1)), w * rng.uniform(0.01, 0.08), h * rng.uniform(0.01, 0.05), 0.6, 9)
            canvas.polygon(rng, patch, snow, None, 0.8)
    if rng.random() < 0.25:
        side = rng.choice([0, w])
        cliff = blob_points(rng, (side, horizon), w * rng.uniform(0.15, 0.4), h * rng.uniform(0.3, 0.7), 0.3, 11)
        canvas.polygon(rng, cliff, palette.material(base=_pick(rng, EARTHS), plain=0.0, contrast=40), None)
    ground = _pick(rng, EARTHS + GREENS)
    if rng.random() < 0.85:
        mass(canvas, palette, ridge(rng, w, horizon, h * rng.choice([0.002, 0.01, 0.04]), 0.4), ground)
    else:
        horizon = h
    what = rng.random()
    if what < 0.45:
        high = h * rng.uniform(0.15, 0.9)
        for x in rng.uniform(-0.05 * w, 1.05 * w, int(rng.integers(2, 14))):
            tree(canvas, palette, x, horizon + h * rng.uniform(0, 0.08), high * rng.uniform(0.7, 1.3))
    elif what < 0.65:
        for x in rng.uniform(-0.1 * w, w, int(rng.integers(1, 7))):
            house(canvas, palette, x, horizon + h * 0.02, w * rng.uniform(0.08, 0.35), h * rng.uniform(0.1, 0.5))
    if rng.random() < 0.35:
        band = h * rng.uniform(0.02, 0.12)
        leaves(canvas, palette, (0, horizon - band, w, horizon + band * 0.4), 110, h * rng.uniform(0.012, 0.04), _pick(rng, GREENS))
    if rng.random() < 0.35:
        vanish = (w * rng.uniform(0, 1), horizon)
        near_x, wide = w * rng.uniform(-0.3, 1.0), w * rng.uniform(0.3, 1.5)
        road = np.array([vanish, (vanish[0] + 6, horizon), (near_x + wide, h + 5), (near_x, h + 5)])
        canvas.polygon(rng, road, palette.material(base=_pick(rng, EARTHS), contrast=15), None)
    if rng.random() < 0.35:
        leaves(canvas, palette, (0, min(horizon, h), w, h), int(rng.integers(40, 200)), h * rng.uniform(0.01, 0.05), near(rng, ground, 20))


def thicket(canvas: Canvas, palette: Palette) -> None:
    """Foliage close by, light or deep in shade, with a strip of ground and odd blades of grass."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    base = _pick(rng, GREENS) if rng.random() < 0.8 else palette.colour()
    dark = tuple(c * rng.uniform(0.15, 0.8) for c in base)
    canvas.fill(rng, palette.material(base=dark, plain=0.2, contrast=20))
    for _ in range(int(rng.integers(1, 5))):
        size = h * rng.uniform(0.015, 0.09)
        x0, y0 = rng.uniform(-0.2, 0.7) * w, rng.uniform(-0.2, 0.7) * h
        box = (x0, y0, x0 + rng.uniform(0.3, 1.2) * w, y0 + rng.uniform(0.3, 1.0) * h)
        shade = rng.uniform(0.2, 1.2)
        leaves(canvas, palette, box, int(rng.integers(30, 160)), size, tuple(min(255.0, c * shade) for c in near(rng, base, 20)))
    for _ in range(int(rng.integers(0, 8))):
        root, tip = (rng.uniform(0, w), rng.uniform(0, h)), (rng.uniform(0, w), rng.uniform(-0.2, 1) * h)
        stalk = limb_points(root, tip, rng.uniform(0.5, 5), rng.uniform(0.5, 3))
        canvas.flat_polygon(stalk, near(rng, (120, 100, 70), 40))
    if rng.random() < 0.6:
        level = h * rng.uniform(0.55, 0.9)
        mass(canvas, palette, ridge(rng, w, level, h * 0.05, 0.5), tuple(c * rng.uniform(0.4, 1) for c in _pick(rng, EARTHS)), contrast=30)


def room(canvas: Canvas, palette: Palette) -> None:
    """A wall with frames, shelves and a window; a floor; furniture cut off by the frame."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    canvas.fill(rng, palette.material(plain=0.5, contrast=18))
    for _ in range(int(rng.integers(0, 7))):
        x, y = rng.uniform(-0.1, 0.9) * w, rng.uniform(-0.1, 0.6) * h
        a, b = rng.uniform(0.05, 0.35) * w, rng.uniform(0.05, 0.5) * h
        for inset in (0, rng.uniform(0.03, 0.15)):
            dx, dy = a * inset, b * inset
            corners = np.array([(x + dx, y + dy), (x + a - dx, y + dy), (x + a - dx, y + b - dy), (x + dx, y + b - dy)])
            canvas.polygon(rng, corners, palette.material(), None)
    level = h * rng.uniform(0.55, 0.95)
    if rng.random() < 0.8:
        mass(canvas, palette, ridge(rng, w, level, 0.5, 0.3), palette.colour(), plain=0.3)
    for _ in range(int(rng.integers(0, 4))):
        edge = rng.choice([-0.05, 1.05]) * w
        piece = blob_points(rng, (edge, h * rng.uniform(0.4, 1)), w * rng.uniform(0.05, 0.25), h * rng.uniform(0.1, 0.4), 0.3, 7)
        canvas.polygon(rng, piece, palette.material(), None)


def street(canvas: Canvas, palette: Palette) -> None:
    """House fronts, a pavement, posts."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    canvas.fill(rng, palette.material(base=_pick(rng, SKIES), plain=0.6, contrast=12))
    foot = h * rng.uniform(0.5, 0.85)
    x = -rng.uniform(0, 0.2) * w
    while x < w:
        wide = rng.uniform(0.12, 0.5) * w
        house(canvas, palette, x, foot, wide, h * rng.uniform(0.3, 0.9))
        x += wide * rng.uniform(0.9, 1.2)
    mass(canvas, palette, ridge(rng, w, foot, 0.5, 0.3), _pick(rng, EARTHS))
    for _ in range(int(rng.integers(0, 6))):
        px, top = rng.uniform(0, w), rng.uniform(0.0, 0.6) * h
        canvas.flat_polygon(limb_points((px, foot + h * 0.05), (px, top), 1.6, 1.2), near(rng, (90, 90, 90), 40))


def lights(canvas: Canvas, palette: Palette) -> None:
    """Out-of-focus patches and discs."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    canvas.fill(rng, palette.material())
    for _ in range(int(rng.integers(6, 60))):
        r = rng.uniform(0.02, 0.2) * h
        where = (rng.uniform(0, w), rng.uniform(0, h))
        points = ellipse_points(where, r, r) if rng.random() < 0.5 else blob_points(rng, where, r * rng.uniform(0.6, 2), r, 0.35)
        canvas.flat_polygon(points, palette.colour())
    canvas.rgb[:] = cv2.GaussianBlur(canvas.rgb, (0, 0), rng.uniform(3, 12))


def texture_only(canvas: Canvas, palette: Palette) -> None:
    """Sand, water, lawn, planks: one pattern all over."""
    canvas.fill(palette.rng, palette.material(plain=0.0, contrast=35, zoom=(0.3, 2.5)))


def distractors(canvas: Canvas, palette: Palette) -> None:
    """Small things that are part of the background, anywhere in it; large ones only where the frame cuts them."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    for _ in range(int(rng.integers(1, 16))):
        r = rng.uniform(0.006, 0.04) * h
        where = (rng.uniform(0, w), rng.uniform(0, h))
        canvas.polygon(rng, blob_points(rng, where, r * rng.uniform(0.5, 2.5), r, 0.4, 6), palette.material(), None)
    for _ in range(int(rng.integers(0, 3))):
        x, y = (rng.choice([0.0, 1.0]), rng.random()) if rng.random() < 0.7 else (rng.random(), rng.choice([0.0, 1.0]))
        r = rng.uniform(0.04, 0.14)
        canvas.polygon(rng, blob_points(rng, (x * w, y * h), r * w, r * h, 0.35, 8), palette.material(), None)


BACKGROUNDS = ((landscape, 0.36), (thicket, 0.14), (plain, 0.12), (room, 0.12), (street, 0.1), (lights, 0.08), (texture_only, 0.08))


def draw_background(canvas: Canvas, palette: Palette) -> None:
    """One of the backgrounds, with distractors, often out of focus."""
    rng = palette.rng
    weights = np.array([weight for _, weight in BACKGROUNDS])
    BACKGROUNDS[int(rng.choice(len(BACKGROUNDS), p=weights / weights.sum()))][0](canvas, palette)
    if rng.random() < 0.5:
        distractors(canvas, palette)
    if rng.random() < 0.5:
        canvas.rgb[:] = cv2.GaussianBlur(canvas.rgb, (0, 0), float(rng.choice([rng.uniform(0.5, 1.5), rng.uniform(1.5, 5)])))
    if rng.random() < 0.25:
        haze = np.asarray(palette.colour(), np.float32)
        canvas.rgb[:] = (canvas.rgb + rng.uniform(0.1, 0.6) * (haze - canvas.rgb)).astype(np.uint8)
    if rng.random() < 0.2:
        canvas.rgb[:] = (canvas.rgb * rng.uniform(0.2, 0.8)).astype(np.uint8)
