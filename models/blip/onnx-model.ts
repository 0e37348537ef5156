import protobuf from 'protobufjs';

/**
 * The part of ONNX's protobuf schema that our graphs use, with its field numbers.
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

export const elementTypes = { float32: 1, uint8: 2, int8: 3, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof elementTypes;

/** A side of a tensor: known, or a name for what differs from run to run. */
export type Dimension = number | string;

export interface ModelProto {
  irVersion: number;
  producerName: string;
  opsetImport: { domain: string; version: number }[];
  graph: GraphProto;
}

export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
}

export interface NodeProto {
  name: string;
  domain: string;
  opType: string;
  input: string[];
  output: string[];
  attribute: AttributeProto[];
}

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  ints?: number[];
}

export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  rawData?: Uint8Array;
  dataLocation?: number;
  externalData?: { key: string; value: string }[];
}

export interface ValueInfoProto {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: { dimValue?: number; dimParam?: string }[] } } };
}

/** AttributeProto.type */
export const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;
/** TensorProto.data_location */
export const externalLocation = 1;

const repeated = (id: number, type: string) => ({ id, type, rule: 'repeated' });
const single = (id: number, type: string) => ({ id, type });

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: single(1, 'int64'),
        producerName: single(2, 'string'),
        graph: single(7, 'GraphProto'),
        opsetImport: repeated(8, 'OperatorSetIdProto'),
      },
    },
    OperatorSetIdProto: { fields: { domain: single(1, 'string'), version: single(2, 'int64') } },
    GraphProto: {
      fields: {
        node: repeated(1, 'NodeProto'),
        name: single(2, 'string'),
        initializer: repeated(5, 'TensorProto'),
        input: repeated(11, 'ValueInfoProto'),
        output: repeated(12, 'ValueInfoProto'),
      },
    },
    NodeProto: {
      fields: {
        input: repeated(1, 'string'),
        output: repeated(2, 'string'),
        name: single(3, 'string'),
        opType: single(4, 'string'),
        attribute: repeated(5, 'AttributeProto'),
        domain: single(7, 'string'),
      },
    },
    AttributeProto: {
      fields: {
        name: single(1, 'string'),
        f: single(2, 'float'),
        i: single(3, 'int64'),
        s: single(4, 'bytes'),
        ints: repeated(8, 'int64'),
        type: single(20, 'int32'),
      },
    },
    TensorProto: {
      fields: {
        dims: repeated(1, 'int64'),
        dataType: single(2, 'int32'),
        name: single(8, 'string'),
        rawData: single(9, 'bytes'),
        externalData: repeated(13, 'StringStringEntryProto'),
        dataLocation: single(14, 'int32'),
      },
    },
    StringStringEntryProto: { fields: { key: single(1, 'string'), value: single(2, 'string') } },
    ValueInfoProto: { fields: { name: single(1, 'string'), type: single(2, 'TypeProto') } },
    TypeProto: { fields: { tensorType: single(1, 'TensorTypeProto') } },
    TensorTypeProto: { fields: { elemType: single(1, 'int32'), shape: single(2, 'TensorShapeProto') } },
    TensorShapeProto: { fields: { dim: repeated(1, 'DimensionProto') } },
    DimensionProto: { fields: { dimValue: single(1, 'int64'), dimParam: single(2, 'string') } },
  },
});

const modelType = root.lookupType('ModelProto');

/** The bytes of an .onnx file. */
export function encodeModel(model: ModelProto): Uint8Array {
  return modelType.encode(model).finish();
}
