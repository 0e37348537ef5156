"""The pencil sketch in OpenCV, as a reference for the result and for the time.

  sketch_opencv.py golden <input> <output> <kernel>   writes one sketch
  sketch_opencv.py serve                              answers JSON requests, one a line:
      {"input": path, "output": path, "kernel": side}
      -> {"ms": file to file, "codecMs": imdecode to imencode, "bytes": size of the output}

The first line that `serve` prints is {"opencv": version, "threads": count}.
"""

import json
import sys
import time

import cv2
import numpy as np


def sketch(encoded, kernel):
    picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    # Sigma 0 derives it from the kernel: 0.3 * ((kernel - 1) * 0.5 - 1) + 0.8.
    blurred = cv2.GaussianBlur(255 - grey, (kernel, kernel), 0)
    drawing = cv2.divide(grey, 255 - blurred, scale=256)
    ok, png = cv2.imencode(".png", drawing)
    if not ok:
        raise RuntimeError("OpenCV could not encode the drawing")
    return png


def timed(request):
    started = time.perf_counter()
    encoded = np.fromfile(request["input"], np.uint8)
    decoding = time.perf_counter()
    png = sketch(encoded, request["kernel"])
    encoded_at = time.perf_counter()
    png.tofile(request["output"])
    ended = time.perf_counter()
    return {
        "ms": (ended - started) * 1e3,
        "codecMs": (encoded_at - decoding) * 1e3,
        "bytes": len(png),
    }


def main():
    if sys.argv[1:2] == ["golden"]:
        _, _, source, target, kernel = sys.argv
        sketch(np.fromfile(source, np.uint8), int(kernel)).tofile(target)
        return
    print(json.dumps({"opencv": cv2.__version__, "threads": cv2.getNumThreads()}), flush=True)
    for line in sys.stdin:
        print(json.dumps(timed(json.loads(line))), flush=True)


main()
