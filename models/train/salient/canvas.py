"""A canvas that remembers which of its pixels belong to the salient object, and a pen to draw on it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from textures import Colour, Material, Palette

SHIFT = 4
Point = tuple[float, float]


class Canvas:
    """Pixels (RGB) and the share of each that is salient, 0..255."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.rgb = np.zeros((height, width, 3), np.uint8)
        self.salient = np.zeros((height, width), np.uint8)

    def fill(self, rng: np.random.Generator, material: Material) -> None:
        """Cover everything with one material."""
        self.rgb[:] = material.sample(rng, self.height, self.width).astype(np.uint8)

    def flat_polygon(self, points: np.ndarray, colour: Colour, salient: bool | None = None) -> None:
        """A polygon of one colour: the quick way for clutter of many small pieces."""
        fixed = [np.round(np.asarray(points) * (1 << SHIFT)).astype(np.int32)]
        cv2.fillPoly(self.rgb, fixed, colour, cv2.LINE_AA, SHIFT)
        if salient is not None:
            cv2.fillPoly(self.salient, fixed, 255 if salient else 0, cv2.LINE_AA, SHIFT)

    def polygon(self, rng: np.random.Generator, points: np.ndarray, material: Material, salient: bool | None,
                softness: float = 0.0) -> None:
        """A polygon of a material. `salient`: True joins the object, False hides it, None leaves the mask alone."""
        points = np.asarray(points, np.float32)
        margin = 2 + int(3 * softness)
        x0, y0 = np.maximum(np.floor(points.min(0)).astype(int) - margin, 0)
        x1, y1 = np.minimum(np.ceil(points.max(0)).astype(int) + margin, (self.width, self.height))
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        coverage = np.zeros((y1 - y0, x1 - x0), np.uint8)
        fixed = [np.round((points - (x0, y0)) * (1 << SHIFT)).astype(np.int32)]
        cv2.fillPoly(coverage, fixed, 255, cv2.LINE_AA, SHIFT)
        if softness > 0:
            coverage = cv2.GaussianBlur(coverage, (0, 0), softness)
        colours = material.sample(rng, y1 - y0, x1 - x0, coverage)
        share = coverage.astype(np.float32) * (1 / 255)
        box = self.rgb[y0:y1, x0:x1]
        box[:] = (box + share[..., None] * (colours - box) + 0.5).astype(np.uint8)
        if salient is not None:
            plane = self.salient[y0:y1, x0:x1]
            target = 255.0 if salient else 0.0
            plane[:] = (plane + share * (target - plane) + 0.5).astype(np.uint8)


def smooth_closed(points: Sequence[Point] | np.ndarray, steps: int = 6) -> np.ndarray:
    """A closed Catmull-Rom curve through the points."""
    p1 = np.asarray(points, np.float32)
    p0, p2, p3 = np.roll(p1, 1, 0), np.roll(p1, -1, 0), np.roll(p1, -2, 0)
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[None, :, None]
    p0, p1, p2, p3 = (p[:, None, :] for p in (p0, p1, p2, p3))
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    return curve.reshape(-1, 2)


def ellipse_points(centre: Point, rx: float, ry: float, angle: float = 0.0, count: int = 28) -> np.ndarray:
    """Points on an ellipse turned by `angle` radians."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x, y = rx * np.cos(t), ry * np.sin(t)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y], 1).astype(np.float32)


def blob_points(rng: np.random.Generator, centre: Point, rx: float, ry: float, rough: float = 0.2, knots: int = 9) -> np.ndarray:
    """A smooth irregular closed curve."""
    t = np.linspace(0, 2 * np.pi, knots, endpoint=False) + rng.uniform(0, 6.28)
    radius = 1 + rng.uniform(-rough, rough, knots)
    return smooth_closed(np.stack([centre[0] + rx * radius * np.cos(t), centre[1] + ry * radius * np.sin(t)], 1))


def limb_points(a: Point, b: Point, ra: float, rb: float) -> np.ndarray:
    """A limb: two round ends of different radius joined by straight sides."""
    angle = float(np.arctan2(b[1] - a[1], b[0] - a[0]))
    near_end = np.linspace(angle + np.pi / 2, angle + 3 * np.pi / 2, 9)
    far_end = np.linspace(angle - np.pi / 2, angle + np.pi / 2, 9)
    one = np.stack([a[0] + ra * np.cos(near_end), a[1] + ra * np.sin(near_end)], 1)
    two = np.stack([b[0] + rb * np.cos(far_end), b[1] + rb * np.sin(far_end)], 1)
    return np.concatenate([one, two]).astype(np.float32)


class Pen:
    """Draws in an object's own units: its height is about 1, x and y from its centre; the pen places, turns and mirrors."""

    def __init__(self, canvas: Canvas, palette: Palette, centre: Point, size: float, angle: float = 0.0,
                 stretch: float = 1.0, mirror: bool = False, salient: bool | None = True) -> None:
        self.canvas, self.palette, self.rng = canvas, palette, palette.rng
        self.salient = salient
        self.centre = np.asarray(centre, np.float32)
        cos, sin = np.cos(angle) * size, np.sin(angle) * size
        flip = -stretch if mirror else stretch
        self.matrix = np.float32([[cos * flip, -sin], [sin * flip, cos]])

    def place(self, points: Sequence[Point] | np.ndarray) -> np.ndarray:
        """From the object's units to pixels."""
        return np.asarray(points, np.float32) @ self.matrix.T + self.centre

    def polygon(self, points: Sequence[Point] | np.ndarray, material: Material) -> None:
        """Straight sides."""
        self.canvas.polygon(self.rng, self.place(points), material, self.salient)

    def smooth(self, points: Sequence[Point] | np.ndarray, material: Material) -> None:
        """A smooth outline through the points."""
        self.polygon(smooth_closed(points), material)

    def ellipse(self, centre: Point, rx: float, ry: float, material: Material, angle: float = 0.0) -> None:
        """An ellipse."""
        self.polygon(ellipse_points(centre, rx, ry, angle), material)

    def blob(self, centre: Point, rx: float, ry: float, material: Material, rough: float = 0.2, knots: int = 9) -> None:
        """An irregular round patch."""
        self.polygon(blob_points(self.rng, centre, rx, ry, rough, knots), material)

    def limb(self, a: Point, b: Point, ra: float, rb: float, material: Material) -> None:
        """A limb from a to b."""
        self.polygon(limb_points(a, b, ra, rb), material)

    def flat(self, points: Sequence[Point] | np.ndarray, colour: Colour) -> None:
        """A small detail of one colour."""
        self.canvas.flat_polygon(self.place(points), colour, self.salient)

    def tube(self, path: Sequence[Point] | np.ndarray, start: float, end: float, material: Material) -> None:
        """A bent tube along a path, its radius going from start to end (tails, straps, stems)."""
        path = np.asarray(path, np.float32)
        along = np.gradient(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-6)
        radius = np.linspace(start, end, len(path), dtype=np.float32)[:, None]
        self.polygon(np.concatenate([path + normal * radius, (path - normal * radius)[::-1]]), material)
