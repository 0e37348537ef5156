"""Writes the network as ONNX: normalisations folded into the convolutions, weights stored in half precision."""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from net import Exported, SalientNet

OPSET = 17


def fold_normalisations(module: nn.Module) -> None:
    """Put each BatchNorm that follows a convolution into its weights."""
    for child in module.children():
        if isinstance(child, nn.Sequential):
            items = list(child.named_children())
            for (name, first), (norm_name, second) in zip(items, items[1:]):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    setattr(child, name, torch.nn.utils.fuse_conv_bn_eval(first, second))
                    setattr(child, norm_name, nn.Identity())
        fold_normalisations(child)


def store_in_half(model: onnx.ModelProto) -> None:
    """Keep large weights as float16 with a Cast behind each: half the file, and runtimes fold the casts when they load."""
    graph = model.graph
    casts = []
    for index, tensor in enumerate(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < 512:
            continue
        half = numpy_helper.from_array(values.astype(np.float16), tensor.name + "_half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        graph.initializer[index].CopyFrom(half)
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)


def export(net: SalientNet, out: Path) -> None:
    """Write and check the file."""
    wrapped = Exported(copy.deepcopy(net).to("cpu").eval())
    fold_normalisations(wrapped)
    wrapped = wrapped.to(memory_format=torch.contiguous_format).float()
    out.parent.mkdir(parents=True, exist_ok=True)
    example = torch.zeros(1, 3, 320, 320)
    torch.onnx.export(wrapped, (example,), str(out), input_names=["input"], output_names=["map"], opset_version=OPSET, dynamo=False)
    model = onnx.load(str(out))
    store_in_half(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(out))
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Export a checkpoint of train.py")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    state = torch.load(arguments.checkpoint)
    exported = SalientNet()
    if "step" in state:
        # A core alone, saved during its phase: the head still adds nothing.
        (exported.core if "stem.0.weight" in state["model"] else exported).load_state_dict(state["model"])
    else:
        exported.load_state_dict(state)
    export(exported, arguments.out)
