"""People: standing or cut off by the frame, arms down, on the hips or raised, with hats, bags and long hair."""

from __future__ import annotations

import numpy as np

from canvas import Pen, Point, ellipse_points
from textures import Colour, Material, near, random_colour

SKIN = [(245, 214, 190), (232, 190, 160), (214, 165, 130), (190, 135, 100), (140, 92, 65), (92, 60, 45)]
HAIR = [(25, 20, 18), (55, 35, 25), (95, 60, 35), (150, 105, 60), (215, 180, 120), (170, 170, 170), (120, 45, 25)]
DENIM = [(60, 80, 120), (35, 45, 70), (130, 150, 180), (30, 30, 35), (110, 110, 115), (190, 175, 145)]


def _pick(rng: np.random.Generator, colours: list[Colour]) -> Colour:
    return near(rng, colours[int(rng.integers(len(colours)))], 10)


def _arm(pen: Pen, shoulder: Point, side: int, pose: str, sleeve: Material, skin: Material, thick: float) -> None:
    rng = pen.rng
    # Angles from straight down, outwards; the fore-arm adds its own bend.
    upper, bend = {
        "down": (rng.uniform(0.0, 0.35), rng.uniform(-0.25, 0.25)),
        "hip": (rng.uniform(0.6, 1.0), -rng.uniform(1.4, 2.1)),
        "out": (rng.uniform(1.0, 1.9), rng.uniform(-0.5, 0.6)),
        "raised": (rng.uniform(2.0, 2.9), rng.uniform(-0.5, 0.6)),
        "bent": (rng.uniform(0.1, 0.5), -rng.uniform(0.8, 2.4)),
        "wave": (rng.uniform(1.0, 1.6), rng.uniform(1.0, 1.6)),
    }[pose]
    first, second = rng.uniform(0.15, 0.19), rng.uniform(0.15, 0.2)
    elbow = (shoulder[0] + side * first * np.sin(upper), shoulder[1] + first * np.cos(upper))
    turn = upper + bend
    wrist = (elbow[0] + side * second * np.sin(turn), elbow[1] + second * np.cos(turn))
    bare = rng.random()
    pen.limb(shoulder, elbow, thick, thick * 0.75, skin if bare < 0.25 else sleeve)
    pen.limb(elbow, wrist, thick * 0.75, thick * 0.5, skin if bare < 0.6 else sleeve)
    if 0.25 <= bare < 0.6:
        middle = (0.5 * (shoulder[0] + elbow[0]), 0.5 * (shoulder[1] + elbow[1]))
        pen.limb(middle, elbow, thick * 0.85, thick * 0.75, skin)
        pen.limb(shoulder, middle, thick * 1.15, thick * 1.2, sleeve)
    palm = (wrist[0] + side * 0.02 * np.sin(turn), wrist[1] + 0.02 * np.cos(turn))
    pen.ellipse(palm, thick * 0.65, thick * 0.75, skin)
    if rng.random() < 0.6:
        for spread in rng.uniform(-0.7, 0.7, int(rng.integers(1, 5))):
            tip = (palm[0] + side * 0.045 * np.sin(turn + spread), palm[1] + 0.045 * np.cos(turn + spread))
            pen.limb(palm, tip, 0.008, 0.006, skin)


def _legs(pen: Pen, hip_y: float, hip: float, cloth: Material, skin: Material, shoes: Material) -> None:
    rng = pen.rng
    bare = rng.random() < 0.25
    thick = rng.uniform(0.04, 0.06)
    stride = rng.uniform(-0.02, 0.09)
    for side in (-1, 1):
        start = (side * hip * 0.55, hip_y)
        knee = (side * (hip * 0.5 + stride * 0.5), hip_y + rng.uniform(0.2, 0.24))
        ankle = (side * (hip * 0.45 + stride) + rng.normal(0, 0.015), rng.uniform(0.93, 0.97))
        pen.limb(start, knee, thick * 1.2, thick * 0.85, skin if bare and rng.random() < 0.5 else cloth)
        pen.limb(knee, ankle, thick * 0.85, thick * 0.55, skin if bare else cloth)
        toe = (ankle[0] + rng.choice([-1, 1]) * rng.uniform(0.0, 0.04), ankle[1] + 0.025)
        pen.limb((ankle[0], ankle[1] + 0.015), toe, 0.024, 0.02, shoes)


def _head(pen: Pen, skin: Material, hair: Material, long_hair: bool) -> None:
    rng = pen.rng
    rx, ry = rng.uniform(0.05, 0.065), rng.uniform(0.068, 0.08)
    centre = (rng.normal(0, 0.008), 0.085)
    pen.limb((0, 0.13), (0, 0.19), 0.028, 0.035, skin)
    pen.ellipse((centre[0], centre[1] - 0.01), rx * 1.12, ry * 1.05, hair)
    pen.ellipse((centre[0], centre[1] + 0.012), rx * 0.95, ry * 0.92, skin)
    turned = rng.random()
    if turned < 0.12:
        pen.ellipse(centre, rx * 1.1, ry * 1.0, hair)
    else:
        fringe = [(-rx * 1.1, 0.09), (-rx, 0.03), (0, 0.0), (rx, 0.03), (rx * 1.1, 0.09), (rx * 0.7, 0.055), (0, 0.045)]
        if rng.random() < 0.85:
            pen.smooth(fringe, hair)
        dark = (40.0, 30.0, 30.0)
        glasses = rng.random() < 0.3
        for side in (-1, 1):
            eye = (centre[0] + side * rx * 0.42, centre[1] + 0.005)
            size = 0.019 if glasses else 0.007
            pen.flat(ellipse_points(eye, size, size * 0.8, count=10), dark)
        pen.flat(ellipse_points((centre[0], centre[1] + 0.045), 0.018, 0.006, count=10), (190.0, 80.0, 80.0))
    if long_hair:
        for side in (-1, 1):
            pen.limb((side * rx * 0.95, 0.07), (side * rx * rng.uniform(0.9, 1.4), rng.uniform(0.15, 0.28)), 0.02, 0.014, hair)
    if rng.random() < 0.45:
        hat = pen.palette.material()
        brim = rng.choice(["none", "front", "round"])
        pen.smooth([(-rx * 1.15, 0.05), (-rx * 1.05, 0.01), (0, -0.025), (rx * 1.05, 0.01), (rx * 1.15, 0.05), (0, 0.045)], hat)
        if brim == "round":
            pen.ellipse((0, 0.05), rx * rng.uniform(1.5, 2.4), 0.016, hat)
        elif brim == "front":
            pen.ellipse((rng.choice([-1, 0, 1]) * rx * 0.6, 0.052), rx * 1.0, 0.017, hat)


def person(pen: Pen) -> None:
    """One person; y runs from 0 (top of the head) to 1 (soles)."""
    rng, palette = pen.rng, pen.palette
    skin = palette.material(base=_pick(rng, SKIN), plain=0.8, contrast=12)
    hair = palette.material(base=_pick(rng, HAIR), contrast=20)
    top = palette.material(base=(235, 235, 235) if rng.random() < 0.2 else None)
    low = palette.material(base=_pick(rng, DENIM) if rng.random() < 0.5 else None)
    shoes = palette.material(base=random_colour(rng, 0.3))
    shoulder, hip = rng.uniform(0.085, 0.125), rng.uniform(0.065, 0.1)
    shoulder_y, hip_y = 0.2, rng.uniform(0.47, 0.53)
    long_hair = rng.random() < 0.5
    bag = rng.random() < 0.3
    if bag:
        material = palette.material()
        pen.blob((rng.normal(0, 0.03), 0.36), shoulder * rng.uniform(1.2, 1.7), rng.uniform(0.14, 0.2), material, 0.12)
    if long_hair:
        pen.blob((0, 0.14), 0.075, rng.uniform(0.09, 0.18), hair, 0.15)
    pose = str(rng.choice(["down", "hip", "out", "raised", "bent", "wave"], p=[0.3, 0.12, 0.1, 0.26, 0.14, 0.08]))
    poses = [pose, pose if rng.random() < 0.6 else str(rng.choice(["down", "hip", "bent", "raised"]))]
    thick = rng.uniform(0.026, 0.038)
    arms_behind = rng.random() < 0.5
    if arms_behind:
        for side, its in zip((-1, 1), poses):
            _arm(pen, (side * shoulder * 0.92, shoulder_y + 0.02), side, its, top, skin, thick)
    _legs(pen, hip_y, hip, low, skin, shoes)
    if rng.random() < 0.3:
        hem = rng.uniform(0.62, 0.9)
        wide = hip * rng.uniform(1.0, 2.0)
        pen.smooth([(-hip * 0.9, hip_y - 0.06), (hip * 0.9, hip_y - 0.06), (wide, hem), (-wide, hem)], top if rng.random() < 0.5 else low)
    waist = min(shoulder, hip) * rng.uniform(0.8, 1.1)
    body = [(-shoulder * 0.5, shoulder_y - 0.025), (shoulder * 0.5, shoulder_y - 0.025), (shoulder, shoulder_y), (shoulder * 0.95, 0.28),
            (waist, 0.4), (hip, hip_y), (-hip, hip_y), (-waist, 0.4), (-shoulder * 0.95, 0.28), (-shoulder, shoulder_y)]
    pen.smooth(body, top)
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform(-0.05, 0.05), rng.uniform(0.25, 0.42)
        pen.flat([(x - 0.03, y - 0.01), (x + 0.03, y - 0.01), (x + 0.03, y + 0.01), (x - 0.03, y + 0.01)], palette.colour())
    if not arms_behind:
        for side, its in zip((-1, 1), poses):
            _arm(pen, (side * shoulder * 0.92, shoulder_y + 0.02), side, its, top, skin, thick)
    if bag:
        strap = palette.material()
        for side in (-1, 1):
            pen.tube([(side * shoulder * 0.6, 0.18), (side * shoulder * 0.7, 0.27), (side * shoulder * 0.6, 0.42)], 0.015, 0.012, strap)
    _head(pen, skin, hair, long_hair)
