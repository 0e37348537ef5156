"""Makes what `processing/operations/remove-background.test.ts` compares with: drawn pictures of every kind, a small net
of U^2-Net's form with random weights, and the masks and cut-outs that rembg's path (rembg_steps.py) makes of them.

  rembg_golden.py [folder]        default: processing/testing/saliency

Needs Pillow, numpy, onnx, onnxruntime and opencv-python-headless. The same versions make the same files.
"""

import pathlib
import sys

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import rembg_steps as rembg
from rembg_random_model import u2net

root = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else root / "processing/testing/saliency")


def draw(width, height, seed):
    """Gradients and discs: smooth, so that the files are small, with every colour, so that the masks are not."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([x * 160 / width + 40, y * 180 / height + 30, (x + y) * 100 / (width + height)], axis=2)
    for _ in range(9):
        centre_x, centre_y = random.uniform(0, width), random.uniform(0, height)
        radius = random.uniform(0.08, 0.3) * min(width, height)
        picture[(x - centre_x) ** 2 + (y - centre_y) ** 2 < radius**2] = random.uniform(0, 235, 3)
    return picture.round().astype(np.uint8)


def as_image(array):
    return Image.fromarray(array)


def write_pictures():
    plain = as_image(draw(200, 150, 1))
    plain.save(folder / "plain.png")
    # Transparent in the middle, and with colours of its own under that.
    alpha = np.zeros((90, 120, 4), np.uint8)
    alpha[..., :3] = draw(120, 90, 2)
    y, x = np.mgrid[0:90, 0:120]
    alpha[..., 3] = np.clip(np.hypot(x - 60, y - 45) * 8, 0, 255)
    as_image(alpha).save(folder / "alpha.png")
    as_image(draw(160, 120, 3)).convert("L").save(folder / "grey.png")
    # Low bits that a decoder has to drop, and not to round.
    deep = draw(160, 120, 4)[..., ::-1].astype(np.uint16) * 256 + 173
    cv2.imwrite(str(folder / "deep.png"), deep)
    as_image(draw(160, 120, 5)).quantize(32).save(folder / "palette.png")
    as_image(draw(160, 120, 6)).convert("CMYK").save(folder / "cmyk.jpg", quality=90)
    exif = Image.Exif()
    exif[0x0112] = 6
    as_image(draw(180, 120, 7)).save(folder / "rotated.jpg", quality=90, exif=exif)
    as_image(draw(1200, 760, 8)).save(folder / "large.jpg", quality=80)
    as_image(draw(400, 160, 9)).save(folder / "wide.png")
    frames = [as_image(draw(120, 90, seed)).quantize(32) for seed in (10, 11)]
    frames[0].save(folder / "animated.gif", save_all=True, append_images=frames[1:], duration=100)
    as_image(np.full((1, 1, 3), (200, 100, 50), np.uint8)).save(folder / "pixel.png")
    as_image(draw(2, 90, 12)).save(folder / "thin.png")
    # No sample is 255: a net's input is divided by the picture's own maximum.
    as_image((draw(160, 120, 13) // 6)).save(folder / "dark.png")


def save_graph(name, nodes, inputs, outputs, weights=()):
    """A net of a few nodes. `inputs` and `outputs` give the shape of each."""
    value = lambda pair: helper.make_tensor_value_info(pair[0], TensorProto.FLOAT, pair[1])
    graph = helper.make_graph(
        nodes,
        name,
        [value(pair) for pair in inputs.items()],
        [value(pair) for pair in outputs.items()],
        [numpy_helper.from_array(array, label) for label, array in dict(weights).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, folder / f"{name}.onnx")


def write_odd_nets():
    """Nets that must be refused, and one that finds red pixels, with a soft edge like a small net's."""
    picture = {"x": [1, 3, 320, 320]}
    one = {"y": [1, 1, 320, 320]}
    node = helper.make_node
    save_graph("odd-flattened", [node("Flatten", ["x"], ["y"])], picture, {"y": [1, 307200]})
    save_graph("odd-two-inputs", [node("Add", ["x", "z"], ["y"])], {**picture, "z": [1]}, {"y": picture["x"]})
    save_graph("odd-channels", [node("Relu", ["x"], ["y"])], {"x": [1, 1, 320, 320]}, one)
    nothing = [node("Sub", ["x", "x"], ["zero"]), node("ReduceMean", ["zero"], ["y"], axes=[1])]
    save_graph("odd-flat-map", nothing, picture, one)
    save_graph("odd-no-numbers", [*nothing[:1], node("Div", ["zero", "zero"], ["y"])], picture, {"y": picture["x"]})
    # Of any size, so that this one's dimensions have names.
    anything = {"x": ["n", 3, "height", "width"]}
    redness = node("Conv", ["x", "weights"], ["red"])
    soft = node("AveragePool", ["red"], ["y"], kernel_shape=[25, 25], pads=[12] * 4, count_include_pad=0)
    weights = np.array([1, -0.5, -0.5], np.float32).reshape(1, 3, 1, 1)
    save_graph("red", [redness, soft], anything, {"y": ["n", 1, "height", "width"]}, {"weights": weights})


def write_forms():
    """Two nets of any size whose maps depend on how the picture is given to them: a ReLU where the input is near 0. One
    gives a map, which is logits to a form that takes them for that, one the four channels of clothes."""
    random = np.random.default_rng(3)
    anything = {"x": ["n", 3, "height", "width"]}
    node = helper.make_node
    for name, channels, gain in (("form-map", 1, 6), ("form-clothes", 4, 1)):
        weights = {
            "a": random.normal(0, 0.5, (8, 3, 1, 1)).astype(np.float32),
            "a0": random.normal(0, 0.3, 8).astype(np.float32),
            "b": random.normal(0, gain, (channels, 8, 1, 1)).astype(np.float32),
        }
        nodes = [
            node("AveragePool", ["x"], ["smooth"], kernel_shape=[5, 5], pads=[2] * 4, count_include_pad=0),
            node("Conv", ["smooth", "a", "a0"], ["first"]),
            node("Relu", ["first"], ["kept"]),
            node("Conv", ["kept", "b"], ["second"]),
            # Values around 0, so that a sigmoid of them is not a step.
            node("ReduceMean", ["second"], ["mean"], axes=[2, 3], keepdims=1),
            node("Sub", ["second", "mean"], ["y"]),
        ]
        save_graph(name, nodes, anything, {"y": ["n", channels, "height", "width"]}, weights)
    picture = rembg.upright(folder / "plain.png")
    for form, norm in rembg.FORMS.items():
        if form == "u2net":
            continue
        clothes = norm["output"] == "clothes"
        session = rembg.session_of(str(folder / f"form-{'clothes' if clothes else 'map'}.onnx"), 1)
        for kind in rembg.CLOTHES if clothes else [None]:
            mask, _ = rembg.find_mask(picture, session, norm, kind)
            samples = np.array(mask)
            label = f"{form}.{kind}" if kind else form
            print(f"form {label}: mask {samples.mean():.0f} +- {samples.std():.0f}")
            mask.save(folder / f"form-{label}.mask.png", optimize=True)


def main():
    folder.mkdir(parents=True, exist_ok=True)
    write_odd_nets()
    net = folder / "net.onnx"
    onnx.save(u2net(seed=2, inner=2, outer=4, side=320), net)
    session = rembg.session_of(str(net), 1)
    write_pictures()
    write_forms()
    for path in sorted(folder.iterdir()):
        if "." in path.stem or path.stem.startswith("form-") or path.suffix not in (".png", ".jpg", ".gif"):
            continue
        picture = rembg.upright(path)
        mask, _ = rembg.find_mask(picture, session)
        samples = np.array(mask)
        print(f"{path.name}: {picture.mode} {picture.size}, mask {samples.mean():.0f} +- {samples.std():.0f}")
        if path.stem == "large":
            # Every eighth pixel of every eighth row keeps the file small.
            as_image(samples[::8, ::8].copy()).save(folder / "large.mask.png", optimize=True)
            continue
        mask.save(folder / f"{path.stem}.mask.png", optimize=True)
        if path.stem in ("plain", "alpha"):
            rembg.premultiplied(picture, mask).save(folder / f"{path.stem}.premultiplied.png", optimize=True)
        if path.stem == "plain":
            rembg.straight(picture, mask).save(folder / "plain.straight.png", optimize=True)
            rembg.clean(mask).save(folder / "plain.clean.png", optimize=True)


main()
