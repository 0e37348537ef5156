"""Animals: standing or walking from the side, lying, sitting seen from the front, birds, fish and butterflies."""

from __future__ import annotations

import numpy as np

from canvas import Pen, Point, ellipse_points
from textures import Colour, Material, near, random_colour

COATS = [(240, 236, 226), (200, 160, 110), (150, 100, 60), (90, 65, 45), (35, 32, 32), (130, 125, 120), (215, 130, 60), (225, 205, 170)]


def _coat(pen: Pen) -> tuple[Material, Material]:
    """The coat, and its paler or darker side for chest, muzzle and paws."""
    rng = pen.rng
    base: Colour = near(rng, COATS[int(rng.integers(len(COATS)))], 15) if rng.random() < 0.75 else random_colour(rng, 0.6)
    marked = rng.random() < 0.45
    second = (25.0, 22.0, 20.0) if marked and sum(base) > 330 else near(rng, base, 60 if marked else 25)
    coat = pen.palette.material(base=base, second=second, plain=0.1, zoom=(0.25, 0.9))
    light = near(rng, base, 30)
    pale = pen.palette.material(base=tuple(min(255.0, c + 20) for c in light), plain=0.5, contrast=20)
    return coat, pale


def _face(pen: Pen, centre: Point, r: float, coat: Material, pale: Material) -> None:
    """A head seen from the front: ears, cheeks, eyes, muzzle."""
    rng = pen.rng
    ear = rng.uniform(0.3, 0.6) * r
    lift = rng.uniform(0.6, 0.95)
    pointed = rng.random() < 0.5
    for side in (-1, 1):
        where = (centre[0] + side * r * rng.uniform(0.6, 0.8), centre[1] - r * lift)
        if pointed:
            tip = (where[0] + side * ear * 0.3, where[1] - ear * 1.3)
            pen.polygon([(where[0] - ear * 0.7, where[1] + ear), tip, (where[0] + ear * 0.7, where[1] + ear)], coat)
        else:
            pen.ellipse(where, ear, ear * rng.uniform(0.8, 1.6), coat)
            pen.ellipse(where, ear * 0.6, ear * 0.7, pale)
    pen.blob(centre, r * rng.uniform(0.95, 1.12), r, coat, 0.07, 10)
    pen.ellipse((centre[0], centre[1] + r * 0.45), r * 0.5, r * 0.42, pale)
    for side in (-1, 1):
        pen.flat(ellipse_points((centre[0] + side * r * 0.4, centre[1] - r * 0.1), r * 0.12, r * 0.09, count=10), (20.0, 20.0, 15.0))
    pen.flat(ellipse_points((centre[0], centre[1] + r * 0.3), r * 0.16, r * 0.1, count=10), near(rng, (70, 40, 40), 20))
    pen.flat(ellipse_points((centre[0], centre[1] + r * 0.62), r * 0.25, r * 0.04, count=10), (50.0, 35.0, 35.0))


def lying_animal(pen: Pen) -> None:
    """A large animal at rest: a long body, the head raised at one end, fore-paws stretched out, the tail behind."""
    rng = pen.rng
    coat, pale = _coat(pen)
    long, high = rng.uniform(0.6, 0.85), rng.uniform(0.2, 0.3)
    tail_y = rng.uniform(0.3, 0.42)
    tail_x = np.linspace(long * 0.8, long * rng.uniform(0.4, 1.25), 8)
    pen.tube(np.stack([tail_x, 0.2 + (tail_y - 0.2) * np.sin(np.linspace(0, 1.7, 8))], 1), 0.05, 0.03, coat)
    shoulders = -long * rng.uniform(0.55, 0.7)
    outline = [(shoulders - 0.12, 0.02), (shoulders + 0.1, -high * 0.9), (-long * 0.1, -high * rng.uniform(0.4, 0.8)),
               (long * 0.5, -high * rng.uniform(0.4, 0.9)), (long * 0.9, 0.02), (long * 0.88, 0.32), (0, 0.36), (shoulders, 0.36)]
    pen.smooth(outline, coat)
    haunch = (long * 0.6, 0.14)
    pen.blob(haunch, rng.uniform(0.2, 0.28), rng.uniform(0.18, 0.24), coat, 0.1)
    pen.limb((long * 0.7, 0.34), (long * rng.uniform(0.05, 0.4), 0.36), 0.08, 0.06, coat)
    pen.ellipse((long * rng.uniform(0.0, 0.35), 0.36), 0.09, 0.06, pale)
    for drop in (0.27, 0.36):
        reach = shoulders - rng.uniform(0.1, 0.5)
        pen.limb((shoulders + 0.08, drop - 0.06), (reach, drop), 0.09, 0.055, coat if rng.random() < 0.6 else pale)
        pen.ellipse((reach - 0.02, drop + 0.005), 0.08, 0.055, pale)
    if rng.random() < 0.6:
        pen.blob((shoulders, 0.1), 0.16, 0.2, pale, 0.15)
    r = rng.uniform(0.15, 0.22)
    _face(pen, (shoulders - rng.uniform(-0.05, 0.1), -high * 0.7 - r * rng.uniform(0.3, 0.9)), r, coat, pale)


def standing_animal(pen: Pen) -> None:
    """A four-legged animal from the side: horse, dog, cow, sheep, elephant by its proportions."""
    rng = pen.rng
    coat, pale = _coat(pen)
    half, deep = rng.uniform(0.3, 0.5), rng.uniform(0.13, 0.25)
    leg, thick = rng.uniform(0.18, 0.45), rng.uniform(0.025, 0.075)
    ground = deep * 0.7 + leg
    far = pen.palette.material(base=tuple(c * 0.7 for c in coat.base), contrast=15)
    for x, material in ((-half * 0.6, far), (half * 0.7, far), (-half * 0.75, coat), (half * 0.85, coat)):
        foot = x + rng.normal(0, 0.08)
        knee = (0.5 * (x + foot) + rng.normal(0, 0.03), deep * 0.5 + leg * 0.5)
        pen.limb((x, deep * 0.3), knee, thick * 1.7, thick, material)
        pen.limb(knee, (foot, ground), thick, thick * 0.8, material)
    tail = np.stack([np.linspace(half, half + rng.uniform(0.05, 0.3), 6), np.linspace(-deep * 0.5, rng.uniform(-0.4, 0.35), 6)], 1)
    pen.tube(tail, thick * 0.6, thick * 0.35, coat)
    pen.smooth([(-half, -deep * 0.6), (-half * 0.3, -deep * rng.uniform(0.7, 1)), (half * 0.5, -deep * rng.uniform(0.7, 1.1)),
                (half * 1.05, -deep * 0.3), (half, deep * 0.6), (0, deep * rng.uniform(0.6, 1.1)), (-half, deep * 0.7), (-half * 1.15, 0)], coat)
    rise = rng.uniform(-0.1, 0.45)
    head = (-half - rng.uniform(0.1, 0.3), -deep * 0.5 - rise)
    pen.limb((-half * 0.85, -deep * 0.2), head, deep * rng.uniform(0.6, 0.9), deep * rng.uniform(0.35, 0.6), coat)
    r = rng.uniform(0.09, 0.16)
    if rng.random() < 0.3:
        _face(pen, head, r, coat, pale)
        return
    nose = (head[0] - r * rng.uniform(1.0, 2.2), head[1] + r * rng.uniform(0.1, 1.2))
    pen.ellipse(head, r, r * 0.85, coat)
    pen.limb(head, nose, r * 0.75, r * rng.uniform(0.35, 0.6), coat)
    ear = r * rng.uniform(0.5, 1.2)
    tip = (head[0] + r * 0.4, head[1] - r * 0.7 - ear)
    pen.polygon([(head[0] - r * 0.1, head[1] - r * 0.5), tip, (head[0] + r * 0.7, head[1] - r * 0.3)], coat)
    pen.flat(ellipse_points((head[0] - r * 0.35, head[1] - r * 0.2), r * 0.13, r * 0.12, count=8), (15.0, 15.0, 15.0))
    if rng.random() < 0.25:
        pen.tube([(head[0], head[1] - r * 0.6), (head[0] - r, head[1] - r * 2), (head[0] + r * rng.uniform(-1, 1), head[1] - r * 3)], r * 0.16, r * 0.05, pale)


def sitting_animal(pen: Pen) -> None:
    """A cat or dog seen from the front, sitting."""
    rng = pen.rng
    coat, pale = _coat(pen)
    wide = rng.uniform(0.2, 0.32)
    pen.tube([(wide * 0.5, 0.4), (wide * 1.3, 0.42), (wide * rng.uniform(1.4, 1.9), rng.uniform(0.1, 0.4))], 0.045, 0.03, coat)
    pen.smooth([(-wide * 0.6, -0.15), (wide * 0.6, -0.15), (wide, 0.25), (wide * 0.95, 0.46), (-wide * 0.95, 0.46), (-wide, 0.25)], coat)
    pen.blob((0, 0.05), wide * 0.5, 0.2, pale, 0.15)
    for side in (-1, 1):
        pen.limb((side * wide * 0.35, 0.05), (side * wide * 0.4, 0.44), 0.075, 0.06, coat)
        pen.ellipse((side * wide * 0.42, 0.46), 0.075, 0.045, pale)
    r = rng.uniform(0.16, 0.24)
    _face(pen, (rng.normal(0, 0.04), -0.15 - r * 0.7), r, coat, pale)


def animal_head(pen: Pen) -> None:
    """A portrait: the head fills most of the object, the neck runs out of it."""
    coat, pale = _coat(pen)
    pen.smooth([(-0.22, 0.0), (0.22, 0.0), (0.4, 0.6), (-0.4, 0.6)], coat)
    _face(pen, (0, -0.1), 0.34, coat, pale)


def bird(pen: Pen) -> None:
    """A perched or swimming bird from the side."""
    rng = pen.rng
    coat, pale = _coat(pen)
    beak = pen.palette.material(base=near(rng, (220, 150, 50), 30), plain=1.0)
    long, deep = rng.uniform(0.25, 0.4), rng.uniform(0.13, 0.22)
    tilt = rng.uniform(-0.2, 0.6)
    if rng.random() < 0.7:
        for x in (-0.03, 0.06):
            pen.limb((x, deep * 0.6), (x + rng.normal(0, 0.03), deep + rng.uniform(0.1, 0.35)), 0.014, 0.011, beak)
    pen.polygon([(long * 0.6, -0.02), (long + rng.uniform(0.15, 0.4), tilt * 0.4), (long + 0.15, tilt * 0.4 + 0.1), (long * 0.5, deep * 0.6)], coat)
    pen.ellipse((0, 0), long, deep, coat, tilt * 0.5)
    head = (-long * rng.uniform(0.7, 1.1), -deep - rng.uniform(0.02, 0.35))
    r = rng.uniform(0.08, 0.13)
    pen.limb((-long * 0.55, -deep * 0.2), head, deep * 0.6, r * 0.7, coat)
    tip = (head[0] - r * rng.uniform(1.6, 2.8), head[1] + r * 0.3)
    pen.polygon([(head[0] - r * 0.6, head[1] - r * 0.3), tip, (head[0] - r * 0.6, head[1] + r * 0.4)], beak)
    pen.ellipse(head, r, r * 0.95, coat if rng.random() < 0.6 else pale)
    pen.flat(ellipse_points((head[0] - r * 0.3, head[1] - r * 0.2), r * 0.17, r * 0.17, count=8), (10.0, 10.0, 10.0))
    wing = [(-long * 0.4, -deep * 0.3), (long * 0.3, -deep * 0.6), (long * rng.uniform(0.8, 1.2), deep * 0.1), (0, deep * 0.5)]
    pen.smooth(wing, pale if rng.random() < 0.5 else coat)


def fish(pen: Pen) -> None:
    """A fish from the side."""
    rng = pen.rng
    coat, pale = _coat(pen)
    deep = rng.uniform(0.14, 0.3)
    pen.polygon([(0.3, 0), (0.55, -deep), (0.48, 0), (0.55, deep)], pale)
    pen.smooth([(-0.2, -deep * 0.8), (0.0, -deep - rng.uniform(0.05, 0.2)), (0.25, -deep * 0.4), (0, 0)], pale)
    pen.smooth([(-0.45, 0), (-0.2, -deep * 0.9), (0.1, -deep * 0.8), (0.38, -0.03), (0.38, 0.03), (0.1, deep * 0.8), (-0.2, deep * 0.9)], coat)
    pen.flat(ellipse_points((-0.3, -deep * 0.2), 0.03, 0.03, count=10), (15.0, 15.0, 15.0))


def butterfly(pen: Pen) -> None:
    """A butterfly or another insect with spread wings."""
    rng = pen.rng
    coat, pale = _coat(pen)
    up, down = rng.uniform(0.2, 0.4), rng.uniform(0.15, 0.3)
    for side in (-1, 1):
        pen.smooth([(0, 0), (side * 0.15, -up * 1.1), (side * 0.5, -up), (side * 0.4, -0.02)], coat)
        pen.smooth([(0, 0), (side * 0.36, 0.03), (side * 0.3, down), (side * 0.1, down * 1.2)], pale)
    pen.limb((0, -0.12), (0, 0.2), 0.03, 0.02, pen.palette.material(base=(40, 35, 30)))
