"""Draws data sets on several processes and keeps them as arrays of bytes, so that a run can be continued."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from drawing import SIDE, draw_picture
from textures import pattern_bank

CHUNK = 100
"""Pictures per seed: a chunk is the unit of work, so that the outcome does not depend on the number of processes."""


def _draw_chunk(seed: int, chunk: int, side: int, staged: float) -> tuple[np.ndarray, np.ndarray]:
    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, chunk])
    bank = pattern_bank(rng, each=4)
    pictures = np.empty((CHUNK, side, side, 3), np.uint8)
    masks = np.empty((CHUNK, side, side), np.uint8)
    for index in range(CHUNK):
        rgb, mask = draw_picture(rng, bank, staged)
        if side != SIDE:
            rgb = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA)
            mask = cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA)
        pictures[index], masks[index] = rgb, mask
    return pictures, masks


@dataclass(frozen=True)
class DrawnSet:
    """What to draw: `count` pictures (in whole chunks) at `side` px, the share `staged` of them set pieces."""

    seed: int
    count: int
    side: int
    staged: float = 0.0


def drawings(folder: Path, wanted: DrawnSet, processes: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and masks, drawn now or read from the folder."""
    chunks = -(-wanted.count // CHUNK)
    name = f"seed{wanted.seed}-{chunks * CHUNK}-{wanted.side}" + (f"-staged{round(100 * wanted.staged)}" if wanted.staged else "")
    paths = folder / f"{name}.pictures.npy", folder / f"{name}.masks.npy"
    if not all(path.exists() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        settings = [wanted.seed] * chunks, range(chunks), [wanted.side] * chunks, [wanted.staged] * chunks
        with ProcessPoolExecutor(processes) as pool:
            parts = list(pool.map(_draw_chunk, *settings))
        for path, part in zip(paths, zip(*parts)):
            np.save(path, np.concatenate(part))
    return np.load(paths[0], mmap_mode="r"), np.load(paths[1], mmap_mode="r")


def contact_sheet(folder: Path, seed: int, staged: float, out: Path, rows: int = 6, columns: int = 10) -> None:
    """Some drawings with their masks beside them, to look at."""
    pictures, masks = drawings(folder, DrawnSet(seed, rows * columns, 160, staged), 2)
    tiles = [np.concatenate([p, np.repeat(m[..., None], 3, 2)], 1) for p, m in zip(pictures, masks)]
    lines = [np.concatenate(tiles[r * columns:(r + 1) * columns], 1) for r in range(rows)]
    cv2.imwrite(str(out), cv2.cvtColor(np.concatenate(lines), cv2.COLOR_RGB2BGR))


def picture_files(data: Path, seed: int, staged: float, out: Path, count: int) -> None:
    """The first drawings of a set as PNG files, for programs that read files."""
    pictures, _ = drawings(data, DrawnSet(seed, count, SIDE, staged), 2)
    out.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures[:count]):
        cv2.imwrite(str(out / f"drawing-{index:02}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw a contact sheet, or single pictures into a folder")
    parser.add_argument("out", type=Path, help="file of the sheet, or folder of the pictures")
    parser.add_argument("--pictures", type=int, default=0, help="how many pictures to write instead of a sheet")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--staged", type=float, default=0.0, help="share of set pieces")
    parser.add_argument("--data", type=Path, default=Path("data"))
    arguments = parser.parse_args()
    if arguments.pictures:
        picture_files(arguments.data, arguments.seed, arguments.staged, arguments.out, arguments.pictures)
    else:
        contact_sheet(arguments.data, arguments.seed, arguments.staged, arguments.out)
