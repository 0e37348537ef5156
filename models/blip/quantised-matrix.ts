/**
 * The 8-bit form of a linear layer's matrix, for onnxruntime's MatMulNBits. That operator takes torch's layout, and
 * quantises the other operand on the fly, per row and block. DynamicQuantizeMatMul has one scale for all rows of the
 * input; compared with it, the error is a tenth if one channel is large, as in vision transformers, and the decoder is
 * as fast.
 *
 * All 8 bits are used. Without VNNI, its kernels split products that could overflow 16 bits (MLAS,
 * sqnbitgemm_kernel_avx2_int8_blklen64.h). Older quantised operators can use only 7.
 */

/** safetensors' name for the type of the stored matrix, [out, blocks, block size]. The zero point is 128. */
export const quantisedType = 'U8';
const zeroPoint = 128;
const largest = 127;

/** Numbers of inputs that may share a scale, the best first. Larger blocks are faster. */
const blockSizes = [128, 64, 32, 16];

/** Inputs that share a scale. Null for a matrix whose rows do not divide into blocks; it is not quantised. */
export function blockSizeFor(inputs: number): number | null {
  return blockSizes.find((size) => inputs % size === 0) ?? null;
}

/** The name of a matrix's scales, 32-bit floats of shape [out, blocks]. */
export function scalesOf(matrixName: string): string {
  return `${matrixName}_scales`;
}

export interface QuantisedMatrix {
  values: Uint8Array;
  scales: Float32Array;
}

/** Rounds every block to 255 levels between plus and minus its largest magnitude. */
export function quantiseMatrix(matrix: Float32Array, blockSize: number): QuantisedMatrix {
  const values = new Uint8Array(matrix.length);
  const scales = new Float32Array(matrix.length / blockSize);
  for (let block = 0; block < scales.length; block++) {
    const begin = block * blockSize;
    const end = begin + blockSize;
    const scale = largestMagnitude(matrix, begin, end) / largest || 1;
    scales[block] = scale;
    for (let index = begin; index < end; index++) {
      values[index] = Math.round((matrix[index] as number) / scale) + zeroPoint;
    }
  }
  return { values, scales };
}

function largestMagnitude(values: Float32Array, begin: number, end: number): number {
  let result = 0;
  for (let index = begin; index < end; index++) result = Math.max(result, Math.abs(values[index] as number));
  return result;
}
