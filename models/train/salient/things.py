"""Made and grown things: cars, vessels, furniture, boats, aeroplanes, plants, fruit, buildings, heaps of patches."""

from __future__ import annotations

import numpy as np

from canvas import Pen, ellipse_points, smooth_closed
from textures import Material, near, random_colour


def wheel(pen: Pen, x: float, y: float, r: float, squeeze: float, rim: Material) -> None:
    """A wheel seen from the side or, squeezed, from a corner."""
    tyre = pen.palette.material(base=near(pen.rng, (25, 25, 27), 8), plain=0.7, contrast=10)
    pen.ellipse((x, y), r * squeeze, r, tyre)
    pen.ellipse((x, y), r * 0.68 * squeeze, r * 0.68, rim)
    turn = pen.rng.uniform(0, 1.2)
    for spoke in np.arange(0, 2 * np.pi, 2 * np.pi / pen.rng.integers(4, 8)) + turn:
        end = (x + 0.62 * r * squeeze * np.cos(spoke), y + 0.62 * r * np.sin(spoke))
        side = (x + 0.62 * r * squeeze * np.cos(spoke + 0.4), y + 0.62 * r * np.sin(spoke + 0.4))
        pen.flat([(x, y), end, side], (30.0, 30.0, 32.0))


def car(pen: Pen) -> None:
    """A car from the side or from a front corner: body, cabin, panes, lights, wheels."""
    rng, palette = pen.rng, pen.palette
    paint = palette.material(base=near(rng, (190, 192, 198), 25) if rng.random() < 0.35 else random_colour(rng, 0.9), plain=0.6, contrast=25)
    glass = palette.material(base=near(rng, [(40, 45, 55), (150, 175, 190), (120, 30, 50)][int(rng.integers(3))], 15), contrast=35)
    dark = palette.material(base=near(rng, (40, 40, 42), 10), plain=0.8)
    half, high = rng.uniform(0.75, 1.0), rng.uniform(0.1, 0.24)
    roof = high + rng.uniform(0.1, 0.3)
    front, back = -half * rng.uniform(0.15, 0.5), half * rng.uniform(0.3, 0.95)
    low = high * rng.uniform(0.9, 1.3)
    corner = rng.random() < 0.5
    r = rng.uniform(0.15, 0.22)
    pen.ellipse((0, low * 0.9), half * 0.9, 0.06, dark)
    pen.smooth([(front - 0.15, -high * 0.8), (front + 0.15, -roof), (back - 0.2, -roof * rng.uniform(0.9, 1.0)), (back + 0.1, -high * 0.8)], paint)
    pen.smooth([(front - 0.06, -high * 0.85), (front + 0.16, -roof * 0.93), (back - 0.22, -roof * 0.9), (back + 0.02, -high * 0.85)], glass)
    if rng.random() < 0.6:
        post = 0.5 * (front + back)
        pen.limb((post, -roof * 0.95), (post + 0.03, -high * 0.8), 0.015, 0.018, paint)
    nose = rng.uniform(0.2, 0.8)
    body = [(-half, high * 0.1), (-half * 0.9, -high * nose), (front, -high), (back, -high * rng.uniform(0.9, 1.1)), (half * 0.93, -high * 0.8),
            (half, high * 0.1), (half * 0.9, low), (0, low), (-half * 0.93, low)]
    pen.smooth(body, paint)
    if corner:
        grille = smooth_closed([(-half * 0.97, low * 0.3), (-half * 0.6, low * 0.35), (-half * 0.62, low * 0.9), (-half * 0.92, low * 0.85)])
        pen.polygon(grille, dark)
        lamp = [(-half * 0.9, -high * 0.2), (-half * 0.55, -high * 0.25), (-half * 0.6, high * 0.05), (-half * 0.88, high * 0.1)]
        pen.smooth(lamp, palette.material(base=(230, 235, 240)))
    else:
        pen.ellipse((-half * 0.93, -high * 0.15), 0.05, 0.035, palette.material(base=(240, 235, 210)))
    pen.ellipse((half * 0.95, -high * 0.2), 0.03, 0.03, palette.material(base=(170, 30, 30)))
    pen.tube([(-half * 0.6, high * 0.1), (0, high * 0.0), (half * 0.8, -high * 0.05)], 0.006, 0.006, dark)
    rim = palette.material(base=near(rng, (150, 150, 155), 40), plain=0.6)
    squeeze = rng.uniform(0.6, 0.8) if corner else 1.0
    wheel(pen, -half * rng.uniform(0.4, 0.68), low * 0.92, r, squeeze, rim)
    wheel(pen, half * rng.uniform(0.55, 0.7), low * 0.88, r * (rng.uniform(0.7, 0.95) if corner else 1), squeeze, rim)


def vessel(pen: Pen) -> None:
    """A vase, bottle, cup or lamp: a profile mirrored about the middle."""
    rng = pen.rng
    count = int(rng.integers(4, 8))
    y = np.linspace(-0.5, 0.5, count)
    radius = rng.uniform(0.07, 0.34, count)
    profile = np.stack([radius, y], 1)
    outline = np.concatenate([profile, profile[::-1] * (-1, 1)])
    if rng.random() < 0.3:
        pen.tube(ellipse_points((radius[count // 2] * 0.9, 0), 0.15, 0.2, count=16), 0.03, 0.03, pen.palette.material())
    material = pen.palette.material()
    (pen.smooth if rng.random() < 0.7 else pen.polygon)(outline, material)
    for _ in range(int(rng.integers(0, 3))):
        cut = int(rng.integers(0, count - 1))
        r0, r1 = radius[cut] * 0.9, radius[cut + 1] * 0.9
        pen.polygon([(-r0, y[cut]), (r0, y[cut]), (r1, y[cut + 1]), (-r1, y[cut + 1])], pen.palette.material())


def furniture(pen: Pen) -> None:
    """A chair or table."""
    rng = pen.rng
    wood = pen.palette.material()
    wide, seat = rng.uniform(0.2, 0.45), rng.uniform(0.0, 0.15)
    thick = rng.uniform(0.02, 0.05)
    for x in (-wide * 0.9, wide * 0.9, -wide * 0.5, wide * 0.6):
        pen.limb((x, seat), (x + rng.normal(0, 0.03), 0.5), thick, thick * 0.7, wood)
    if rng.random() < 0.6:
        top = -rng.uniform(0.3, 0.5)
        pen.polygon([(-wide * 0.9, top), (wide * 0.9, top), (wide, seat), (-wide, seat)], pen.palette.material())
    pen.polygon([(-wide, seat - 0.05), (wide, seat - 0.05), (wide * 1.1, seat + 0.06), (-wide * 1.1, seat + 0.06)], wood)


def boat(pen: Pen) -> None:
    """A boat with a mast or a cabin."""
    rng = pen.rng
    half = rng.uniform(0.4, 0.6)
    if rng.random() < 0.6:
        pen.limb((0, -0.5), (0, 0.2), 0.012, 0.015, pen.palette.material())
        pen.smooth([(0.02, -0.5), (half * 0.9, 0.12), (0.02, 0.14)], pen.palette.material())
        pen.polygon([(-0.03, -0.42), (-half * 0.7, 0.13), (-0.03, 0.14)], pen.palette.material())
    else:
        pen.polygon([(-half * 0.4, -0.1), (half * 0.5, -0.1), (half * 0.5, 0.2), (-half * 0.5, 0.2)], pen.palette.material())
    pen.polygon([(-half * 1.1, 0.12), (half, 0.16), (half * 0.8, 0.38), (-half * 0.7, 0.38)], pen.palette.material())


def aeroplane(pen: Pen) -> None:
    """An aeroplane from the side."""
    rng = pen.rng
    hull = pen.palette.material(base=(225, 228, 232) if rng.random() < 0.5 else None)
    pen.polygon([(0.35, 0), (0.55, -0.3), (0.65, -0.3), (0.55, 0.0)], pen.palette.material())
    pen.smooth([(-0.6, 0.02), (-0.5, -0.07), (0.4, -0.07), (0.6, -0.02), (0.4, 0.06), (-0.5, 0.08)], hull)
    pen.polygon([(-0.15, 0.02), (0.1, 0.02), (0.4, rng.uniform(0.2, 0.4)), (0.28, 0.3)], pen.palette.material())
    pen.polygon([(-0.1, -0.05), (0.1, -0.05), (0.3, -rng.uniform(0.2, 0.4)), (0.2, -0.25)], hull)


def plant(pen: Pen) -> None:
    """A flower or a potted plant."""
    rng = pen.rng
    green = pen.palette.material(base=near(rng, (70, 120, 50), 25))
    stem = np.stack([np.linspace(0, rng.normal(0, 0.08), 6), np.linspace(0.5, -0.2, 6)], 1)
    pen.tube(stem, 0.022, 0.014, green)
    for _ in range(int(rng.integers(1, 7))):
        y, side, long = rng.uniform(-0.1, 0.4), rng.choice([-1, 1]), rng.uniform(0.1, 0.3)
        lift = rng.uniform(-0.15, 0.1)
        pen.smooth([(0, y), (side * long * 0.5, y - 0.06 + lift * 0.5), (side * long, y + lift), (side * long * 0.5, y + 0.05 + lift * 0.5)], green)
    petals = pen.palette.material(base=random_colour(rng, 1.0))
    count, long, head = int(rng.integers(4, 13)), rng.uniform(0.12, 0.25), stem[-1]
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
        tip = (head[0] + long * 0.6 * np.cos(angle), head[1] + long * 0.6 * np.sin(angle))
        pen.ellipse(tip, long * 0.55, long * rng.uniform(0.2, 0.35), petals, angle)
    pen.ellipse((float(head[0]), float(head[1])), long * 0.35, long * 0.35, pen.palette.material())
    if rng.random() < 0.4:
        pen.polygon([(-0.17, 0.28), (0.17, 0.28), (0.12, 0.55), (-0.12, 0.55)], pen.palette.material())


def fruit(pen: Pen) -> None:
    """A ball or a fruit with a stalk and a highlight."""
    rng = pen.rng
    skin = pen.palette.material(base=random_colour(rng, 1.0))
    skin.rim = 0.5
    pen.limb((0, -0.35), (rng.normal(0, 0.08), -0.52), 0.02, 0.02, pen.palette.material(base=(90, 65, 35)))
    pen.blob((0, 0), rng.uniform(0.32, 0.5), 0.42, skin, rng.uniform(0, 0.1), 10)
    pen.ellipse((-0.14, -0.16), 0.07, 0.05, pen.palette.material(base=tuple(min(255.0, c + 70) for c in skin.base), plain=1.0))


def building(pen: Pen) -> None:
    """A single tower, house or sign standing free."""
    rng = pen.rng
    wide = rng.uniform(0.12, 0.5)
    wall = pen.palette.material()
    pen.polygon([(-wide, -0.25), (wide, -0.25), (wide, 0.5), (-wide, 0.5)], wall)
    roof = pen.palette.material()
    pen.polygon([(-wide * 1.15, -0.25), (rng.normal(0, 0.05), -rng.uniform(0.3, 0.6)), (wide * 1.15, -0.25)], roof)
    pane = pen.palette.colour()
    for x in np.linspace(-wide * 0.65, wide * 0.65, int(rng.integers(2, 5))):
        for y in np.linspace(-0.15, 0.3, int(rng.integers(2, 5))):
            s = wide * 0.12
            pen.flat([(x - s, y - s), (x + s, y - s), (x + s, y + s), (x - s, y + s)], pane)


def assembly(pen: Pen) -> None:
    """Some patches that overlap: a thing that is no known thing, so that the net learns figure and ground rather than names."""
    rng = pen.rng
    shared = pen.palette.material() if rng.random() < 0.5 else None
    x, y = 0.0, 0.0
    for _ in range(int(rng.integers(2, 8))):
        rx, ry = rng.uniform(0.08, 0.32, 2)
        material = shared if shared is not None and rng.random() < 0.7 else pen.palette.material()
        form = rng.random()
        if form < 0.4:
            pen.blob((x, y), rx, ry, material, rng.uniform(0.05, 0.4))
        elif form < 0.6:
            pen.ellipse((x, y), rx, ry, material, rng.uniform(0, 3))
        elif form < 0.8:
            pen.limb((x - rx, y - ry), (x + rx, y + ry), rng.uniform(0.02, 0.12), rng.uniform(0.02, 0.12), material)
        else:
            angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
            pen.polygon(np.stack([x + 1.2 * rx * np.cos(angles), y + 1.2 * ry * np.sin(angles)], 1), material)
        # The next patch starts inside this one, so that the whole stays connected.
        x, y = x + rng.uniform(-0.8, 0.8) * rx, y + rng.uniform(-0.8, 0.8) * ry
