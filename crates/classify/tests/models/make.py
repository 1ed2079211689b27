"""Writes the models of this folder and `expected.json`: see README.md."""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from PIL import Image

HERE = pathlib.Path(__file__).parent
# Widths and heights of the pictures.
SIZES = [(300, 200), (64, 480), (224, 224), (1, 1), (640, 5)]


def picture(k, width, height):
    """The picture of number k; `picture` of `classify.rs` draws the same."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    red = 255 * x // width
    green = (255 * y // height + 60 * k) % 256
    blue = (x * (k + 1) + y * (k + 2)) // 4 % 256
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def resized(pixels, width, height, resample):
    return np.asarray(Image.fromarray(pixels).resize((width, height), resample))


def weights(seed, *shape):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def model(name, nodes, inputs, outputs, tensors, infer=True):
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(n, t, s) for n, t, s in inputs],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs],
        [numpy_helper.from_array(value, key) for key, value in tensors.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    if infer:
        onnx.checker.check_model(made)
        made = onnx.shape_inference.infer_shapes(made)
    onnx.save(made, HERE / f"{name}.onnx")
    return made


def network(source, classes, seed):
    """Convolution, pooling and a layer of outputs, of channels first."""
    nodes = [
        helper.make_node("Conv", [source, "kernel", "bias"], ["conv"], strides=[4, 4], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("GlobalAveragePool", ["relu"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense", "offset"], ["logits"], transB=1),
    ]
    tensors = {
        "kernel": weights(seed, 8, 3, 3, 3) / 2,
        "bias": weights(seed + 1, 8) / 4,
        "dense": weights(seed + 2, classes, 8) * 2,
        "offset": weights(seed + 3, classes) / 2,
    }
    return nodes, tensors


def main():
    nodes, tensors = network("turned", 5, 1)
    nodes = [
        helper.make_node("Transpose", ["input_1"], ["turned"], perm=[0, 3, 1, 2]),
        *nodes,
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
    ]
    nhwc = model(
        "nhwc",
        nodes,
        [("input_1", TensorProto.FLOAT, ["unk__1", 224, 224, 3])],
        [("probabilities", ["unk__2", 5]), ("pool", ["unk__3", 8, 1, 1])],
        tensors,
    )
    nodes, tensors = network("pixels", 3, 11)
    outputs = [("logits", ["batch", 3])]
    nchw = model("nchw", nodes, [("pixels", TensorProto.FLOAT, ["batch", 3, "h", "w"])], outputs, tensors)
    # Such as are refused, but for the first.
    refused = {
        "fixed_batch": (TensorProto.FLOAT, [1, 3, 32, 24]),
        "ambiguous": (TensorProto.FLOAT, ["batch", 3, 32, 3]),
        "grey": (TensorProto.FLOAT, ["batch", 1, 32, 32]),
        "flat": (TensorProto.FLOAT, ["batch", 3]),
        "bytes": (TensorProto.UINT8, ["batch", 3, 32, 32]),
    }
    for name, (kind, shape) in refused.items():
        model(name, nodes, [("pixels", kind, shape)], outputs, tensors, infer=name == "fixed_batch")
    model("two_inputs", nodes, [(n, TensorProto.FLOAT, ["batch", 3, 32, 32]) for n in ["pixels", "more"]], outputs, tensors)
    model("no_scores", nodes, [("pixels", TensorProto.FLOAT, ["batch", 3, 32, 32])], [("relu", ["batch", 8, 8, 8])], tensors)
    strange = [helper.make_node("Mystery", ["pixels"], ["mystery"]), *network("mystery", 3, 11)[0]]
    model("operator", strange, [("pixels", TensorProto.FLOAT, ["batch", 3, 32, 32])], outputs, tensors, infer=False)

    run_nhwc, run_nchw = ReferenceEvaluator(nhwc), ReferenceEvaluator(nchw)
    expected = {"nhwc": [], "nchw": []}
    mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    for k, (width, height) in enumerate(SIZES):
        pixels = picture(k, width, height)
        values = resized(pixels, 224, 224, Image.Resampling.BICUBIC)[None].astype(np.float32) / 255
        expected["nhwc"].append(run_nhwc.run(["probabilities"], {"input_1": values})[0][0])
        values = resized(pixels, 96, 64, Image.Resampling.BILINEAR)[None].astype(np.float32) / 255
        values = ((values - mean) / std).transpose(0, 3, 1, 2)
        logits = run_nchw.run(["logits"], {"pixels": values})[0][0]
        powers = np.exp(logits - logits.max())
        expected["nchw"].append(powers / powers.sum())
    rounded = {name: [[round(float(score), 6) for score in row] for row in rows] for name, rows in expected.items()}
    (HERE / "expected.json").write_text(json.dumps(rounded, indent=1) + "\n")


if __name__ == "__main__":
    main()
