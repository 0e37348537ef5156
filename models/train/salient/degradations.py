"""What cameras and files do to a picture: shadow, light, tint, blur, noise, JPEG blocks, letterbox bars."""

from __future__ import annotations

import cv2
import numpy as np

from canvas import Canvas
from textures import Palette


def cast_shadow(rng: np.random.Generator, ground: np.ndarray, salient: np.ndarray, foot: float) -> np.ndarray:
    """The background with the objects' shadow on it: a blot at their feet, or the outline laid on the ground."""
    h, w = salient.shape
    shade = np.zeros((h, w), np.float32)
    if rng.random() < 0.6:
        lean, flat = rng.uniform(-1.5, 1.5), rng.uniform(-0.35, 0.35)
        turn = np.float32([[1, lean * 0.5, -lean * 0.5 * foot], [0, flat, foot - flat * foot]])
        shade = cv2.warpAffine(salient, turn, (w, h)).astype(np.float32) / 255
    else:
        columns = salient.max(0).astype(np.float32) / 255
        rows = np.exp(-(((np.arange(h) - foot) / (h * rng.uniform(0.01, 0.05))) ** 2)).astype(np.float32)
        shade = rows[:, None] * columns[None, :]
    shade = cv2.GaussianBlur(shade, (0, 0), rng.uniform(0.6, 6))
    return (ground * (1 - rng.uniform(0.2, 0.75) * shade[..., None])).astype(np.uint8)


def recolour(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    """Exposure, contrast, gamma, tint, saturation, vignette."""
    out = rgb.astype(np.float32) / 255
    out = np.power(out, rng.uniform(0.6, 1.6))
    out = (out - 0.5) * rng.uniform(0.5, 1.3) + 0.5 + rng.normal(0, 0.06)
    grey = out.mean(2, keepdims=True)
    out = grey + (out - grey) * (0.0 if rng.random() < 0.05 else rng.uniform(0.4, 1.3))
    out *= 1 + rng.normal(0, 0.06, 3).astype(np.float32)
    if rng.random() < 0.3:
        h, w = rgb.shape[:2]
        y, x = np.linspace(-1, 1, h, dtype=np.float32)[:, None], np.linspace(-1, 1, w, dtype=np.float32)[None, :]
        out *= (1 - rng.uniform(0.1, 0.6) * np.clip((x * x + y * y) / 2, 0, 1))[..., None]
    return np.clip(out * 255, 0, 255).astype(np.uint8)


def camera(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    """Blur, noise and JPEG, each now and then."""
    if rng.random() < 0.5:
        rgb = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.3, 1.4))
    elif rng.random() < 0.3:
        soft = cv2.GaussianBlur(rgb, (0, 0), 1.2)
        rgb = cv2.addWeighted(rgb, 1.8, soft, -0.8, 0)
    if rng.random() < 0.5:
        spread = rng.uniform(1, 14)
        noise = rng.standard_normal(rgb.shape, np.float32) * spread
        rgb = np.clip(rgb + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        _, data = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 96))])
        rgb = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return rgb


def letterbox(palette: Palette, canvas: Canvas) -> None:
    """Bars above and below or at the sides; they hide what they cover."""
    rng = palette.rng
    bar = 0.0 if rng.random() < 0.75 else rng.uniform(0, 255)
    across = rng.random() < 0.75
    size = int((canvas.height if across else canvas.width) * rng.uniform(0.04, 0.17))
    for ends in (slice(0, size), slice(-size, None)):
        where = (ends, slice(None)) if across else (slice(None), ends)
        canvas.rgb[where] = int(bar)
        canvas.salient[where] = 0
