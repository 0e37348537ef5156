"""Measures an exported network: held-out drawings, plain shapes, and photographs with outlines drawn by hand."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from PIL import Image

from dataset import DrawnSet, drawings
from refine import refine

HERE = Path(__file__).resolve().parent
SIDE = 320
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
HELD_OUT_SEED = 2_000_003
"""Neither trained on nor looked at during training."""


def squash(image: Image.Image) -> np.ndarray:
    """To the network's square, as rembg does it."""
    return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def saliency(session: onnxruntime.InferenceSession, square: np.ndarray) -> np.ndarray:
    """The map in 0..1, with rembg's pre-processing and its stretch; a flat map stays as it is."""
    x = square.astype(np.float32) / max(float(square.max()), 1e-6)
    x = ((x - MEAN) / STD).transpose(2, 0, 1)[None].astype(np.float32)
    found = session.run(None, {session.get_inputs()[0].name: x})[0][0, 0]
    low, high = float(found.min()), float(found.max())
    return (found - low) / (high - low) if high - low > 1e-3 else found


def iou(alpha: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union at one half."""
    a, b = alpha >= 0.5, truth >= 0.5
    return float((a & b).sum() / max((a | b).sum(), 1))


def outline_mask(entry: dict) -> np.ndarray:
    """The mask of polygons in original pixels."""
    mask = np.zeros((entry["height"], entry["width"]), np.uint8)
    for key, value in (("polygons", 1), ("holes", 0)):
        for polygon in entry[key]:
            cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], value)
    return mask


def plain_shapes() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Drawings as a test would make them, with their masks."""
    star = [(np.cos(a) * r, np.sin(a) * r) for a, r in zip(np.arange(10) * np.pi / 5 - np.pi / 2, [1, 0.45] * 5)]
    forms: dict[str, np.ndarray] = {
        "circle": np.array([(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 90, endpoint=False)]),
        "square": np.array([(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]),
        "triangle": np.array([(0, -1), (0.9, 0.8), (-0.9, 0.8)]),
        "star": np.array(star),
    }
    white = (255, 255, 255)
    wanted = [
        ("red circle on white", "circle", (255, 0, 0), white, (320, 320), [(0.5, 0.5, 0.25)]),
        ("red circle on white, 640x480", "circle", (255, 0, 0), white, (640, 480), [(0.5, 0.5, 0.3)]),
        ("red circle on white, small", "circle", (220, 30, 30), white, (400, 300), [(0.5, 0.5, 0.15)]),
        ("red circle on white, large", "circle", (255, 0, 0), white, (200, 200), [(0.5, 0.5, 0.4)]),
        ("red circle off centre", "circle", (255, 0, 0), white, (400, 400), [(0.3, 0.35, 0.18)]),
        ("blue square on white", "square", (0, 0, 255), white, (320, 240), [(0.5, 0.5, 0.3)]),
        ("black square on grey", "square", (0, 0, 0), (128, 128, 128), (300, 300), [(0.5, 0.5, 0.3)]),
        ("green triangle on white", "triangle", (0, 128, 0), white, (320, 320), [(0.5, 0.5, 0.3)]),
        ("yellow star on navy", "star", (255, 215, 0), (0, 0, 80), (320, 320), [(0.5, 0.5, 0.35)]),
        ("white circle on black", "circle", white, (0, 0, 0), (320, 320), [(0.5, 0.5, 0.25)]),
        ("two circles on white", "circle", (200, 0, 100), white, (480, 320), [(0.28, 0.5, 0.2), (0.72, 0.5, 0.2)]),
    ]
    out = {}
    for name, form, ink, paper, (w, h), places in wanted:
        rgb, mask = np.full((h, w, 3), paper, np.uint8), np.zeros((h, w), np.uint8)
        for x, y, r in places:
            points = [np.round((forms[form] * r * min(w, h) + (x * w, y * h)) * 16).astype(np.int32)]
            cv2.fillPoly(rgb, points, ink, cv2.LINE_AA, 4)
            cv2.fillPoly(mask, points, 1, cv2.LINE_8, 4)
        out[name] = rgb, mask
    return out


def measure(session: onnxruntime.InferenceSession, image: Image.Image, truth: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
    """IoU at the picture's own size, of the map alone and refined; and both maps at that size."""
    square = squash(image)
    raw = saliency(session, square)
    maps = [cv2.resize(m, image.size, interpolation=cv2.INTER_LANCZOS4) for m in (raw, refine(square, raw))]
    return iou(maps[0], truth), iou(maps[1], truth), maps[0], maps[1]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    built_in = HERE.parents[1] / "built-in"
    parser.add_argument("--model", type=Path, default=built_in / "salient.onnx")
    parser.add_argument("--masks", type=Path, default=built_in / "masks-of-samples.json")
    parser.add_argument("--photographs", type=Path, help="folder with the photographs that the masks name")
    parser.add_argument("--data", type=Path, default=HERE / "data")
    parser.add_argument("--drawings", type=int, default=400)
    parser.add_argument("--staged", type=float, default=0.0, help="share of set pieces among them")
    parser.add_argument("--write", type=Path, help="folder for pictures of the results")
    options = parser.parse_args()
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(options.model), session_options)
    example = np.zeros((SIDE, SIDE, 3), np.uint8)
    times = []
    for _ in range(20):
        started = time.perf_counter()
        saliency(session, example)
        times.append(time.perf_counter() - started)
    print(f"{options.model.stat().st_size / 1e6:.2f} MB, {1000 * min(times):.1f} ms at best on 2 threads")

    pictures, masks = drawings(options.data, DrawnSet(HELD_OUT_SEED, options.drawings, SIDE, options.staged), 2)
    scores = np.array([measure(session, Image.fromarray(p), m / 255)[:2] for p, m in zip(pictures, masks)])
    raw, refined = scores.mean(0)
    print(f"held-out drawings ({len(scores)}): raw {raw:.3f}, refined {refined:.3f}; below 0.5: {(scores < 0.5).mean(0).round(3)}")
    for name, (rgb, mask) in plain_shapes().items():
        raw, refined, *_ = measure(session, Image.fromarray(rgb), mask)
        print(f"{name}: raw {raw:.3f}, refined {refined:.3f}")
    if options.photographs is None:
        return
    for name, entry in json.loads(options.masks.read_text()).items():
        image = Image.open(options.photographs / f"{name}.jpg").convert("RGB")
        raw, refined, raw_map, refined_map = measure(session, image, outline_mask(entry))
        print(f"{name}: raw {raw:.3f}, refined {refined:.3f}")
        if options.write is not None:
            options.write.mkdir(parents=True, exist_ok=True)
            panes = [np.asarray(image)] + [np.repeat((np.clip(m, 0, 1) * 255).astype(np.uint8)[..., None], 3, 2) for m in (raw_map, refined_map)]
            cut = np.asarray(image) * np.clip(refined_map, 0, 1)[..., None] + 255 * (1 - np.clip(refined_map, 0, 1)[..., None])
            Image.fromarray(np.concatenate([*panes, cut.astype(np.uint8)], 1)).save(options.write / f"{name}.png")


if __name__ == "__main__":
    main()
