"""Labelled pictures as the model sees them: drawn, worn like files from the web, and reduced to the model's size."""

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from captions import Pixels, measure, scene_caption
from scenes import draw_scene
from shapes import draw_shapes

SIDE = 96
SHAPES_SHARE = 0.55
BLOCK = 500
"""Pictures drawn from one seed: a set does not depend on the number of processes."""


@dataclass(frozen=True)
class Drawn:
    """A set of pictures (count, SIDE, SIDE, 3) and their captions."""

    pictures: NDArray[np.uint8]
    captions: list[str]


def squash(picture: Pixels) -> Pixels:
    """BLIP's reduction: bicubic with antialiasing, to a square."""
    return np.array(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def worn(rng: Generator, picture: Pixels, strongest_blur: float) -> Pixels:
    """Slight blur, noise and JPEG artefacts, each of them now and then."""
    if rng.random() < 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, strongest_blur))
    if rng.random() < 0.25:
        noise = np.float32(rng.uniform(1, 8)) * rng.standard_normal(picture.shape, dtype=np.float32)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 98))]
        _, coded = cv2.imencode(".jpg", picture[..., ::-1], quality)
        picture = cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1]
    return np.ascontiguousarray(picture)


def draw_one(rng: Generator) -> tuple[Pixels, str]:
    """One picture at the model's size and its caption."""
    if rng.random() < SHAPES_SHARE:
        picture, caption = draw_shapes(rng)
        return squash(worn(rng, picture, 0.006 * min(picture.shape[:2]))), caption
    picture = squash(worn(rng, draw_scene(rng), 2.0))
    return picture, scene_caption(measure(picture))


def draw_block(seed: tuple[int, int]) -> tuple[NDArray[np.uint8], list[str]]:
    """One block of a set."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    pairs = [draw_one(rng) for _ in range(BLOCK)]
    return np.stack([picture for picture, _ in pairs]), [caption for _, caption in pairs]


def draw_blocks(seed: int, blocks: int, processes: int) -> Iterator[tuple[NDArray[np.uint8], list[str]]]:
    """The blocks of a set in their order, drawn in several processes."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(draw_block, [(seed, block) for block in range(blocks)])


def load_or_draw(cache: Path, seed: int, count: int, processes: int) -> Drawn:
    """A set of the given count, from the cache when it has been drawn before."""
    file = cache / f"pictures-{seed}-{count}-{SIDE}.npz"
    if not file.exists():
        blocks = list(draw_blocks(seed, -(-count // BLOCK), processes))
        pictures = np.concatenate([pixels for pixels, _ in blocks])[:count]
        captions = [caption for _, texts in blocks for caption in texts][:count]
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(file, pictures=pictures, captions=np.array(captions))
    stored = np.load(file)
    return Drawn(stored["pictures"], stored["captions"].tolist())
