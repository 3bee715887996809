"""NNCodec on whole numbers: a script that needs nothing of pacviz, for an interpreter of an environment that has NNCodec.

Reads lines of JSON, each a list of .npy files (int32 matrices, a layer each), and answers each with the bytes that they
take, null where they do not come back.
"""

import json
import sys

import numpy as np
from nncodec import tensor


def size(layers: list[np.ndarray]) -> int | None:
    codes = [tensor.encode(layer, {"use_dq": False}) for layer in layers]
    whole = all(np.array_equal(tensor.decode(data), layer) for data, layer in zip(codes, layers, strict=True))
    return sum(map(len, codes)) if whole else None


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(size([np.load(file) for file in json.loads(line)])), flush=True)
