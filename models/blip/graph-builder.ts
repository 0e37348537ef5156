import {
  type AttributeProto,
  attributeTypes,
  type Dimension,
  type ElementType,
  elementTypes,
  encodeModel,
  externalLocation,
  type GraphProto,
  type ValueInfoProto,
} from './onnx-model.ts';

/** The name of a tensor in a graph. */
export type Value = string;

/** A whole number becomes ONNX's INT. A float attribute that may be whole is therefore given as `{ float }`. */
export type Attribute = number | number[] | string | { float: number };

/** The location of a weight's bytes. */
export interface ExternalTensor {
  type: ElementType;
  shape: number[];
  /** File name in the session's folder. */
  file: string;
  /** Bytes. */
  offset: number;
  length: number;
}

/** The first opset with Gelu. onnxruntime 1.30 implements all of it on the CPU. */
const opset = 20;
const irVersion = 9;
/** onnxruntime's own operators. */
const contributedDomain = 'com.microsoft';

/** Builds a graph node by node. Each node is added once its inputs are known, which is the order that ONNX requires. */
export class GraphBuilder {
  readonly #graph: GraphProto;
  readonly #initialisers = new Set<string>();

  constructor(name: string) {
    this.#graph = { name, node: [], initializer: [], input: [], output: [] };
  }

  input(name: string, type: ElementType, shape: Dimension[]): Value {
    this.#graph.input.push(valueInfo(name, type, shape));
    return name;
  }

  output(name: string, value: Value, type: ElementType, shape: Dimension[]): void {
    this.#node('Identity', '', [value], [name], {});
    this.#graph.output.push(valueInfo(name, type, shape));
  }

  /** An operator of the ONNX standard with one output. An omitted input is ''. */
  op(type: string, inputs: Value[], attributes: Record<string, Attribute> = {}): Value {
    return this.#node(type, '', inputs, [this.#freshName(type)], attributes)[0] as Value;
  }

  /** An operator that only onnxruntime has: docs/ContribOperators.md in its repository. */
  contributed(type: string, inputs: Value[], attributes: Record<string, Attribute> = {}): Value {
    return this.#node(type, contributedDomain, inputs, [this.#freshName(type)], attributes)[0] as Value;
  }

  reshape(value: Value, shape: number[]): Value {
    return this.op('Reshape', [value, this.integers(shape)]);
  }

  transpose(value: Value, perm: number[]): Value {
    return this.op('Transpose', [value], { perm });
  }

  /** A list of integers, the form in which shapes and indices are given. */
  integers(values: number[]): Value {
    return this.#integers(values, [values.length]);
  }

  integer(value: number): Value {
    return this.#integers([value], []);
  }

  float(value: number): Value {
    const name = `float:${value}`;
    return this.#initialiser(name, elementTypes.float32, [], Float32Array.of(value));
  }

  /** A weight whose bytes stay in their file. */
  external(name: string, tensor: ExternalTensor): Value {
    if (!this.#initialisers.has(name)) {
      this.#initialisers.add(name);
      this.#graph.initializer.push({
        name,
        dims: tensor.shape,
        dataType: elementTypes[tensor.type],
        dataLocation: externalLocation,
        externalData: [
          { key: 'location', value: tensor.file },
          { key: 'offset', value: String(tensor.offset) },
          { key: 'length', value: String(tensor.length) },
        ],
      });
    }
    return name;
  }

  /** The bytes of an .onnx file. */
  build(): Uint8Array {
    return encodeModel({
      irVersion,
      producerName: 'spillway',
      opsetImport: [
        { domain: '', version: opset },
        { domain: contributedDomain, version: 1 },
      ],
      graph: this.#graph,
    });
  }

  #integers(values: number[], shape: number[]): Value {
    const name = `int64:${shape.length === 0 ? values[0] : `[${values}]`}`;
    return this.#initialiser(name, elementTypes.int64, shape, BigInt64Array.from(values, BigInt));
  }

  #initialiser(name: string, dataType: number, dims: number[], data: NodeJS.ArrayBufferView): Value {
    if (!this.#initialisers.has(name)) {
      this.#initialisers.add(name);
      const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.#graph.initializer.push({ name, dims, dataType, rawData });
    }
    return name;
  }

  #node(
    opType: string,
    domain: string,
    input: Value[],
    output: Value[],
    attributes: Record<string, Attribute>,
  ): Value[] {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    const name = `${opType}_${this.#graph.node.length}`;
    this.#graph.node.push({ name, domain, opType, input, output, attribute });
    return output;
  }

  #freshName(stem: string): Value {
    return `${stem}:${this.#graph.node.length}`;
  }
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: value };
  if (typeof value === 'string') return { name, type: attributeTypes.string, s: Buffer.from(value) };
  if (Array.isArray(value)) return { name, type: attributeTypes.ints, ints: value };
  return { name, type: attributeTypes.float, f: value.float };
}

function valueInfo(name: string, type: ElementType, shape: Dimension[]): ValueInfoProto {
  const dim = shape.map((side) => (typeof side === 'number' ? { dimValue: side } : { dimParam: side }));
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}
