"""Writes an ONNX file with the structure of a U^2-Net and random weights: for timing and for tests, not for pictures.

  rembg_random_model.py <file.onnx> [--seed 1] [--inner 16] [--outer 64] [--side 320]

The defaults are U^2-Netp's sizes: 1.13 million weights, 4.5 MB. Written from the paper (Qin et al., "U^2-Net: Going
Deeper with Nested U-Structure for Salient Object Detection", Pattern Recognition 2020, sections 3.1 to 3.3 and table 1):
six encoder stages and five decoder stages, each a residual U-block (RSU) of its own; a side output of every decoder
stage and of the last encoder stage, enlarged to the picture's size; a 1x1 convolution that fuses them; sigmoids.
Batch normalisation is folded into the convolutions, as an export for inference does.
Input: float32 1x3xSxS. Outputs: seven float32 1x1xSxS, the fused one first. Needs numpy and onnx.
"""

import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Nodes and weights under construction. Every method returns the name of its tensor."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes = []
        self.weights = []
        self.channels = {}

    def node(self, kind, inputs, channels, **attributes):
        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        self.channels[output] = channels
        return output

    def weight(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def convolution(self, x, channels, kernel=3, dilation=1, gain=2.0):
        fan_in = self.channels[x] * kernel * kernel
        shape = (channels, self.channels[x], kernel, kernel)
        values = self.random.normal(0, np.sqrt(gain / fan_in), shape).astype(np.float32)
        bias = self.random.normal(0, 0.05, channels).astype(np.float32)
        return self.node(
            "Conv",
            [x, self.weight(values), self.weight(bias)],
            channels,
            kernel_shape=[kernel, kernel],
            dilations=[dilation, dilation],
            pads=[dilation * (kernel // 2)] * 4,
        )

    def block(self, x, channels, dilation=1):
        """Convolution, (folded) normalisation, ReLU."""
        return self.node("Relu", [self.convolution(x, channels, dilation=dilation)], channels)

    def halved(self, x):
        return self.node(
            "MaxPool", [x], self.channels[x], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1
        )

    def enlarged(self, x, like):
        """Bilinear, to the height and width of `like`."""
        channels = self.channels[x]
        start, end = self.weight(np.array([2], np.int64)), self.weight(np.array([4], np.int64))
        planes = self.weight(np.array([1, channels], np.int64))
        sides = self.node("Slice", [self.node("Shape", [like], 0), start, end], 0)
        size = self.node("Concat", [planes, sides], 0, axis=0)
        return self.node(
            "Resize",
            [x, "", "", size],
            channels,
            mode="linear",
            coordinate_transformation_mode="pytorch_half_pixel",
        )

    def joined(self, *parts):
        return self.node("Concat", list(parts), sum(self.channels[part] for part in parts), axis=1)

    def sum(self, a, b):
        return self.node("Add", [a, b], self.channels[a])

    def sigmoid(self, x):
        return self.node("Sigmoid", [x], self.channels[x])


def rsu(graph, x, height, inner, outer):
    """RSU-L: a U-Net of L levels, whose result is added to the block's first feature map."""
    first = graph.block(x, outer)
    levels = [graph.block(first, inner)]
    for _ in range(height - 2):
        levels.append(graph.block(graph.halved(levels[-1]), inner))
    up = graph.block(levels[-1], inner, dilation=2)
    for level in reversed(levels):
        if level is not levels[-1]:
            up = graph.enlarged(up, level)
        up = graph.block(graph.joined(up, level), outer if level is levels[0] else inner)
    return graph.sum(up, first)


def rsu_dilated(graph, x, inner, outer):
    """RSU-4F: the same with dilations instead of pooling, for maps that are small already."""
    first = graph.block(x, outer)
    levels = [graph.block(first, inner)]
    for dilation in (2, 4):
        levels.append(graph.block(levels[-1], inner, dilation))
    up = graph.block(levels[-1], inner, dilation=8)
    for level, dilation in zip(reversed(levels), (4, 2, 1)):
        up = graph.block(graph.joined(up, level), outer if dilation == 1 else inner, dilation)
    return graph.sum(up, first)


def u2net(seed, inner, outer, side):
    graph = Graph(seed)
    graph.channels["input"] = 3
    stage = lambda x, height: (
        rsu(graph, x, height, inner, outer) if height else rsu_dilated(graph, x, inner, outer)
    )
    heights = [7, 6, 5, 4, 0, 0]
    encoders = []
    x = "input"
    for height in heights:
        x = stage(graph.halved(x) if encoders else x, height)
        encoders.append(x)
    decoders = [encoders[-1]]
    for encoder, height in zip(reversed(encoders[:-1]), reversed(heights[:-1])):
        decoders.append(stage(graph.joined(graph.enlarged(decoders[-1], encoder), encoder), height))
    sides = [graph.convolution(decoder, 1, gain=0.03) for decoder in reversed(decoders)]
    sides = [sides[0]] + [graph.enlarged(one, sides[0]) for one in sides[1:]]
    fused = graph.convolution(graph.joined(*sides), 1, kernel=1, gain=1.0)
    outputs = [graph.sigmoid(one) for one in [fused, *sides]]
    return finished(graph, outputs, side)


def finished(graph, outputs, side):
    square = lambda name, channels: helper.make_tensor_value_info(
        name, TensorProto.FLOAT, [1, channels, side, side]
    )
    body = helper.make_graph(
        graph.nodes,
        "u2net with random weights",
        [square("input", 3)],
        [square(name, 1) for name in outputs],
        graph.weights,
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("path")
    for name, default in (("seed", 1), ("inner", 16), ("outer", 64), ("side", 320)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    options = vars(arguments.parse_args())
    onnx.save(u2net(*(options[name] for name in ("seed", "inner", "outer", "side"))), options["path"])


if __name__ == "__main__":
    main()
