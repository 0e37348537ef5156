"""Plain drawings: flat figures on white, plain or graded paper, filled or in outline."""

from __future__ import annotations

import cv2
import numpy as np

from canvas import SHIFT, Canvas, blob_points, ellipse_points, limb_points
from textures import Colour, Palette, random_colour

VIVID: list[Colour] = [(255, 0, 0), (0, 0, 255), (0, 128, 0), (255, 165, 0), (0, 0, 0), (128, 0, 128), (255, 215, 0), (0, 170, 200), (220, 20, 60)]


def _polygon(sides: int, turn: float, inner: float = 1.0) -> np.ndarray:
    angles = turn + np.arange(sides) * 2 * np.pi / sides
    radius = np.where(np.arange(sides) % 2 == 1, inner, 1.0)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], 1)


def _figure(rng: np.random.Generator) -> np.ndarray:
    """Points of a figure about the origin, within about one unit."""
    kind = str(rng.choice(["circle", "square", "triangle", "star", "polygon", "cross", "heart", "blob", "bar", "arrow"],
                          p=[0.24, 0.16, 0.12, 0.12, 0.08, 0.06, 0.06, 0.07, 0.05, 0.04]))
    turn = float(rng.choice([0.0, rng.uniform(0, 6.28)]))
    if kind == "circle":
        return ellipse_points((0, 0), 1, 1 if rng.random() < 0.7 else rng.uniform(0.4, 1), turn, 72)
    if kind == "square":
        return _polygon(4, turn + np.pi / 4) * (1, 1 if rng.random() < 0.6 else rng.uniform(0.4, 1))
    if kind == "triangle":
        return _polygon(3, turn - np.pi / 2)
    if kind == "star":
        return _polygon(2 * int(rng.integers(4, 9)), turn - np.pi / 2, rng.uniform(0.35, 0.6))
    if kind == "polygon":
        return _polygon(int(rng.integers(5, 9)), turn)
    if kind == "cross":
        t = rng.uniform(0.2, 0.45)
        return np.array([(-t, -1), (t, -1), (t, -t), (1, -t), (1, t), (t, t), (t, 1), (-t, 1), (-t, t), (-1, t), (-1, -t), (-t, -t)])
    if kind == "heart":
        t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        return np.stack([np.sin(t) ** 3, -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16], 1)
    if kind == "blob":
        return blob_points(rng, (0, 0), 1, rng.uniform(0.5, 1), 0.25)
    if kind == "bar":
        a = rng.uniform(0, np.pi)
        return limb_points((-np.cos(a), -np.sin(a)), (np.cos(a), np.sin(a)), rng.uniform(0.1, 0.3), rng.uniform(0.1, 0.3))
    t = rng.uniform(0.2, 0.4)
    return np.array([(-1, -t), (0.2, -t), (0.2, -0.8), (1, 0), (0.2, 0.8), (0.2, t), (-1, t)])


def _far(rng: np.random.Generator, from_colour: Colour, choose: list[Colour]) -> Colour:
    """A colour with a clear contrast, because a flat drawing has no other cue."""
    while True:
        colour = choose[int(rng.integers(len(choose)))] if rng.random() < 0.5 else random_colour(rng, 1.0)
        if np.abs(np.subtract(colour, from_colour)).sum() > 110:
            return colour


def simple_drawing(canvas: Canvas, palette: Palette) -> None:
    """One or some figures; all of them are salient, an outlined one with what it encloses."""
    rng = palette.rng
    w, h = canvas.width, canvas.height
    paper: Colour = (255.0, 255.0, 255.0) if rng.random() < 0.5 else random_colour(rng, 0.8)
    canvas.rgb[:] = np.round(paper).astype(np.uint8)
    if rng.random() < 0.25:
        other = np.asarray([np.clip(c + rng.normal(0, 50), 0, 255) for c in paper], np.float32)
        ramp = np.linspace(0, 1, h, dtype=np.float32)[:, None, None] if rng.random() < 0.5 else np.linspace(0, 1, w, dtype=np.float32)[None, :, None]
        canvas.rgb[:] = (np.asarray(paper, np.float32) * (1 - ramp) + other * ramp).astype(np.uint8)
    count = int(rng.choice([1, 2, 3, 4], p=[0.62, 0.18, 0.12, 0.08]))
    unit = min(w, h)
    for index in range(count):
        size = unit * (rng.uniform(0.12, 0.46) if count == 1 else rng.uniform(0.08, 0.22))
        where = (w * rng.uniform(0.3, 0.7), h * rng.uniform(0.3, 0.7)) if count == 1 else (w * (index + 0.5) / count, h * rng.uniform(0.2, 0.8))
        if count == 1 and rng.random() < 0.3:
            where = (w / 2, h / 2)
        points = _figure(rng) * size + where
        ink = _far(rng, paper, VIVID)
        fixed = [np.round(points * (1 << SHIFT)).astype(np.int32)]
        outline_only = rng.random() < 0.12
        if not outline_only:
            cv2.fillPoly(canvas.rgb, fixed, ink, cv2.LINE_AA, SHIFT)
            if rng.random() < 0.2:
                inner = _figure(rng) * size * 0.3 + where
                canvas.flat_polygon(inner, _far(rng, ink, VIVID))
        cv2.fillPoly(canvas.salient, fixed, 255, cv2.LINE_AA, SHIFT)
        if outline_only or rng.random() < 0.3:
            thick = int(rng.integers(2, 9))
            line = ink if outline_only else _far(rng, paper, VIVID)
            cv2.polylines(canvas.rgb, fixed, True, line, thick, cv2.LINE_AA, SHIFT)
            cv2.polylines(canvas.salient, fixed, True, 255, thick, cv2.LINE_AA, SHIFT)
