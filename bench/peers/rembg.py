"""rembg's background removal (Pillow, numpy, onnxruntime), as a reference for the result and for the time.

Written from a description of its steps, not from its code: EXIF, RGB, squash, division by the
picture's maximum, mean and deviation, min-max, truncation, back to size, composite, PNG.

  rembg.py                                    answers JSON requests, one a line:
      {"model": path, "input": path, "output": path, "threads": 2, "edges": "premultiplied" | "straight",
       "mask": path or null, "input_norm": {"side": 320, "mean": [3], "std": [3]}}
      -> {"ms": file to file, "inferenceMs": session.run alone, "bytes": size of the output}
      `mask` is written after the time is taken.

The first line that it prints is {"pillow": version, "onnxruntime": version, "numpy": version}.
"""

import json
import os
import sys
import time

import numpy as np
import onnxruntime
import PIL
from PIL import Image, ImageOps

U2NET = {"side": 320, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
sessions = {}


def session_of(path, threads):
    key = (path, threads)
    if key not in sessions:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        sessions[key] = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return sessions[key]


def upright(path):
    picture = Image.open(path)
    picture.load()
    return ImageOps.exif_transpose(picture)


def net_input(picture, norm=U2NET):
    squashed = picture.convert("RGB").resize((norm["side"], norm["side"]), Image.Resampling.LANCZOS)
    samples = np.array(squashed)
    samples = samples / max(np.max(samples), 1e-6)
    samples = (samples - np.array(norm["mean"])) / np.array(norm["std"])
    return samples.transpose(2, 0, 1)[np.newaxis].astype(np.float32)


def mask_of(output, size):
    """Not guarded against a flat map, as rembg is not: NaN."""
    saliency = output[0, 0]
    low, high = saliency.min(), saliency.max()
    stretched = ((saliency - low) / (high - low)).clip(0, 1)
    mask = Image.fromarray((stretched * 255).astype("uint8"), mode="L")
    return mask.resize(size, Image.Resampling.LANCZOS)


def find_mask(picture, session, norm=U2NET):
    """The mask, and the milliseconds of inference."""
    feed = {session.get_inputs()[0].name: net_input(picture, norm)}
    started = time.perf_counter()
    output = session.run(None, feed)[0]
    inference_ms = (time.perf_counter() - started) * 1e3
    return mask_of(output, picture.size), inference_ms


def clean(mask):
    """rembg's post-processing. OpenCV is imported here, because timing does not need it."""
    import cv2

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    opened = cv2.morphologyEx(np.array(mask), cv2.MORPH_OPEN, cross)
    blurred = cv2.GaussianBlur(opened, (5, 5), sigmaX=2, sigmaY=2)
    return Image.fromarray(np.where(blurred < 127, 0, 255).astype(np.uint8))


def premultiplied(picture, mask):
    return Image.composite(picture.convert("RGBA"), Image.new("RGBA", picture.size, 0), mask)


def straight(picture, mask):
    cut_out = picture.convert("RGB")
    cut_out.putalpha(mask)
    return cut_out


def timed(request):
    norm = request.get("input_norm") or U2NET
    session = session_of(request["model"], request["threads"])
    started = time.perf_counter()
    picture = upright(request["input"])
    mask, inference_ms = find_mask(picture, session, norm)
    cut_out = (straight if request["edges"] == "straight" else premultiplied)(picture, mask)
    cut_out.save(request["output"], "PNG")
    ms = (time.perf_counter() - started) * 1e3
    if request.get("mask"):
        mask.save(request["mask"])
    return {"ms": ms, "inferenceMs": inference_ms, "bytes": os.path.getsize(request["output"])}


def main():
    versions = {"pillow": PIL.__version__, "onnxruntime": onnxruntime.__version__, "numpy": np.__version__}
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        print(json.dumps(timed(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
