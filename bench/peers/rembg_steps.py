"""rembg's background removal (Pillow, numpy, onnxruntime), as a reference for the result and for the time.

Written from a description of its steps, not from its code: EXIF, RGB, squash, division by the
picture's maximum, mean and deviation, sigmoid where the net gives logits, min-max, truncation, back to size, composite,
PNG; for clothes the greatest channel, back to size, palette. rembg_package.py runs rembg itself.

  rembg_steps.py                              answers JSON requests, one a line:
      {"model": path, "input": path, "output": path, "threads": 2, "edges": "premultiplied" | "straight",
       "mask": path or null}
      -> {"ms": file to file, "inferenceMs": session.run alone, "bytes": size of the output}
      `mask` is written after the time is taken.

The first line that it prints is {"rembg": null, "pillow": version, "onnxruntime": version, "numpy": version}.
"""

import json
import os
import sys
import time

import numpy as np
import onnxruntime
import PIL
from PIL import Image, ImageOps

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
U2NET = {"side": 320, **IMAGENET, "output": "map"}
FORMS = {
    "u2net": U2NET,
    "isnet": {"side": 1024, "mean": (0.5, 0.5, 0.5), "std": (1, 1, 1), "output": "map"},
    "isnet-anime": {"side": 1024, "mean": IMAGENET["mean"], "std": (1, 1, 1), "output": "map"},
    "birefnet": {"side": 1024, **IMAGENET, "output": "logits"},
    "bria-rmbg": {"side": 1024, **IMAGENET, "output": "map"},
    "u2net_cloth_seg": {"side": 768, **IMAGENET, "output": "clothes"},
}
CLOTHES = {"upper": 1, "lower": 2, "full": 3}
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


def mask_of(output, size, logits=False):
    """Not guarded against a flat map, as rembg is not: NaN."""
    saliency = output[0, 0]
    if logits:
        saliency = 1 / (1 + np.exp(-saliency))
    low, high = saliency.min(), saliency.max()
    stretched = ((saliency - low) / (high - low)).clip(0, 1)
    mask = Image.fromarray((stretched * 255).astype("uint8"), mode="L")
    return mask.resize(size, Image.Resampling.LANCZOS)


def mask_of_clothes(output, size, kind):
    labels = Image.fromarray(np.argmax(output[0], axis=0).astype("uint8"), mode="L")
    chosen = np.array(labels.resize(size, Image.Resampling.LANCZOS)) == CLOTHES[kind]
    return Image.fromarray((chosen * 255).astype("uint8"), mode="L")


def find_mask(picture, session, norm=U2NET, kind="upper"):
    """The mask, and the milliseconds of inference. `kind` is of clothes, for a net that finds these."""
    feed = {session.get_inputs()[0].name: net_input(picture, norm)}
    started = time.perf_counter()
    output = session.run(None, feed)[0]
    inference_ms = (time.perf_counter() - started) * 1e3
    if norm["output"] == "clothes":
        return mask_of_clothes(output, picture.size, kind), inference_ms
    return mask_of(output, picture.size, norm["output"] == "logits"), inference_ms


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
    session = session_of(request["model"], request["threads"])
    started = time.perf_counter()
    picture = upright(request["input"])
    mask, inference_ms = find_mask(picture, session)
    cut_out = (straight if request["edges"] == "straight" else premultiplied)(picture, mask)
    cut_out.save(request["output"], "PNG")
    ms = (time.perf_counter() - started) * 1e3
    if request.get("mask"):
        mask.save(request["mask"])
    return {"ms": ms, "inferenceMs": inference_ms, "bytes": os.path.getsize(request["output"])}


def serve(rembg_version, answer):
    """Prints the versions, and answers one request for each line."""
    versions = {
        "rembg": rembg_version,
        "pillow": PIL.__version__,
        "onnxruntime": onnxruntime.__version__,
        "numpy": np.__version__,
    }
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    serve(None, timed)
