import { basename } from 'node:path';
import type { ExternalTensor, GraphBuilder, Value } from './graph-builder.ts';
import type { ElementType } from './onnx-model.ts';
import { quantisedType, scalesOf } from './quantised-matrix.ts';
import type { StoredTensor, TensorFile } from './safetensors.ts';

/** A range of a layer's outputs: the first, and the one after the last. */
export interface OutputRange {
  from: number;
  to: number;
}

/** Access to a checkpoint's weights, so that one graph works with every form of storage. */
export interface Weights {
  /** A tensor as 32-bit floats. `shape` may differ from the stored shape if the number of elements is equal. */
  tensor(name: string, shape?: number[]): Value;
  /**
   * torch's `nn.Linear`: rows [n, in] times `<prefix>.weight` [out, in] transposed, plus `<prefix>.bias`, giving
   * [n, out] or, of a range of the outputs, [n, to - from].
   */
  linear(rows: Value, prefix: string, outputs?: OutputRange): Value;
}

/** Uses weights directly from the file: 32-bit floats and, for linear layers, also quantised matrices. */
export function storedWeights(graph: GraphBuilder, file: TensorFile): Weights {
  const stored = (name: string): StoredTensor => {
    const tensor = file.tensors.get(name);
    if (!tensor) throw new Error(`The graph asks for ${name}, which expectedTensors does not list.`);
    return tensor;
  };
  const whole = (name: string, shape?: number[]): Value => {
    const tensor = stored(name);
    return graph.external(name, { ...placeOf(file, tensor), shape: shape ?? tensor.shape });
  };
  const part = (name: string, outputs: OutputRange | undefined): Value => {
    if (!outputs) return whole(name);
    return graph.external(`${name}[${outputs.from}:${outputs.to}]`, partOf(file, stored(name), outputs));
  };
  return {
    tensor: whole,
    linear(rows, prefix, outputs) {
      const name = `${prefix}.weight`;
      const matrix = part(name, outputs);
      const bias = part(`${prefix}.bias`, outputs);
      if (stored(name).dtype !== quantisedType) return graph.op('Gemm', [rows, matrix, bias], { transB: 1 });
      const [count = 0, blocks = 0, blockSize = 0] = stored(name).shape;
      const scales = part(scalesOf(name), outputs);
      // Level 4: the input is quantised to 8 bits too, and the products are of integers.
      return graph.contributed('MatMulNBits', [rows, matrix, scales, '', '', bias], {
        K: blocks * blockSize,
        N: outputs ? outputs.to - outputs.from : count,
        bits: 8,
        block_size: blockSize,
        accuracy_level: 4,
      });
    },
  };
}

/** A tensor's type and bytes. */
function placeOf({ path }: TensorFile, { dtype, offset, length }: StoredTensor) {
  const type: ElementType = dtype === quantisedType ? 'uint8' : 'float32';
  return { type, file: basename(path), offset, length };
}

/** Some of a tensor's rows, which are contiguous. */
function partOf(file: TensorFile, tensor: StoredTensor, { from, to }: OutputRange): ExternalTensor {
  const [rows = 1, ...rest] = tensor.shape;
  const stride = tensor.length / rows;
  return {
    ...placeOf(file, tensor),
    shape: [to - from, ...rest],
    offset: tensor.offset + from * stride,
    length: (to - from) * stride,
  };
}
