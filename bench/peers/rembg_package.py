"""The rembg package itself, where it is installed, on an ONNX file of one's own. Requests, answers and the first line
are those of rembg_steps.py, with rembg's version in the first line.

  rembg_package.py                            answers requests
  rembg_package.py compare <folder of forms>  prints how far the masks of rembg_golden.py are from rembg's own sessions

A session is given an onnxruntime session of our choice, so that any file takes the place of the weights that rembg would
fetch: nothing is downloaded, and threads are the same on both sides.
"""

import importlib.metadata
import io
import os
import pathlib
import sys
import time

import numpy as np
from PIL import Image

import rembg
from rembg.sessions import sessions_class

import rembg_steps

sessions = {}


def session_of(name, path, threads):
    """The rembg session with this name, on a model file."""
    key = (name, path, threads)
    if key not in sessions:
        kind = next(one for one in sessions_class if one.name() == name)
        session = kind.__new__(kind)
        session.model_name = name
        session.inner_session = TimedSession(rembg_steps.session_of(path, threads))
        sessions[key] = session
    return sessions[key]


class TimedSession:
    """An onnxruntime session that notes how long its last run took."""

    def __init__(self, session):
        self.session = session
        self.ms = 0

    def get_inputs(self):
        return self.session.get_inputs()

    def run(self, *arguments):
        started = time.perf_counter()
        outputs = self.session.run(*arguments)
        self.ms = (time.perf_counter() - started) * 1e3
        return outputs


def timed(request):
    session = session_of("u2net", request["model"], request["threads"])
    started = time.perf_counter()
    with open(request["input"], "rb") as file:
        picture = Image.open(io.BytesIO(file.read()))
        picture.load()
    # putalpha changes the picture that it is given, and wants one with colours of its own.
    straight = {"putalpha": True} if request["edges"] == "straight" else {}
    cut_out = rembg.remove(picture, session=session, **straight)
    cut_out.save(request["output"], "PNG")
    ms = (time.perf_counter() - started) * 1e3
    inference_ms = session.inner_session.ms
    if request.get("mask"):
        rembg.remove(Image.open(request["input"]), session=session, only_mask=True).save(request["mask"])
    return {"ms": ms, "inferenceMs": inference_ms, "bytes": os.path.getsize(request["output"])}


NAMES = {"isnet": "isnet-general-use", "birefnet": "birefnet-general"}


def compare(folder):
    """Mean and greatest difference from rembg's own session, for every golden mask of a form."""
    for path in sorted(folder.glob("form-*.mask.png")):
        form, _, kind = path.name.removeprefix("form-").removesuffix(".mask.png").partition(".")
        output = "clothes" if rembg_steps.FORMS[form]["output"] == "clothes" else "map"
        session = session_of(NAMES.get(form, form), str(folder / f"form-{output}.onnx"), 1)
        masks = session.predict(Image.open(folder / "plain.png"), **({"cc": kind} if kind else {}))
        distance = np.abs(np.array(masks[0]).astype(int) - np.array(Image.open(path)).astype(int))
        print(f"{path.name}: {distance.mean():.4f} on average, {distance.max()} at most")


if __name__ == "__main__":
    if sys.argv[1:2] == ["compare"]:
        compare(pathlib.Path(sys.argv[2]))
    else:
        rembg_steps.serve(importlib.metadata.version("rembg"), timed)
