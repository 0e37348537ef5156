/** The lowest bits of an entry of `huffmanCodes` are the length of the code. The code is above them. */
export const lengthBits = 4;

/**
 * Lengths of the Huffman codes for symbols of these frequencies, none longer than `limit`. Every symbol gets a code,
 * those of frequency 0 as well.
 */
export function huffmanLengths(frequencies: Uint32Array, limit: number): Uint8Array {
  const symbols = frequencies.length;
  const weights = Float64Array.from(frequencies, (frequency) => frequency + 1);
  const ascending = new Float64Array(symbols);
  for (;;) {
    // Weight and symbol in one number: numbers sort far faster than objects.
    weights.forEach((weight, symbol) => {
      ascending[symbol] = weight * symbols + symbol;
    });
    ascending.sort();
    const depths = treeDepths(ascending.map((key) => Math.floor(key / symbols)));
    // The rarest symbol is the deepest.
    if ((depths[0] ?? 0) <= limit) {
      const lengths = new Uint8Array(symbols);
      ascending.forEach((key, place) => {
        lengths[key % symbols] = depths[place] ?? 0;
      });
      return lengths;
    }
    // Weights that differ less give a flatter tree: next to optimal, and far simpler than the optimum.
    weights.forEach((weight, symbol) => {
      weights[symbol] = Math.ceil(weight / 2);
    });
  }
}

/** Depth of each leaf in the Huffman tree of weights that ascend. */
function treeDepths(weights: Float64Array): Uint8Array {
  const leaves = weights.length;
  const nodes = 2 * leaves - 1;
  const sums = new Float64Array(nodes);
  const parents = new Uint16Array(nodes);
  sums.set(weights);
  let leaf = 0;
  let inner = leaves;
  for (let next = leaves; next < nodes; next++) {
    // Inner nodes are made in ascending order too, so that the lightest of all is one of these two.
    for (let child = 0; child < 2; child++) {
      const leafFirst = leaf < leaves && (inner >= next || (sums[leaf] ?? 0) <= (sums[inner] ?? 0));
      const lightest = leafFirst ? leaf++ : inner++;
      sums[next] = (sums[next] ?? 0) + (sums[lightest] ?? 0);
      parents[lightest] = next;
    }
  }
  const depths = new Uint8Array(nodes);
  for (let node = nodes - 2; node >= 0; node--) depths[node] = (depths[parents[node] ?? 0] ?? 0) + 1;
  return depths.subarray(0, leaves);
}

/**
 * The canonical codes (RFC 1951, 3.2.2) of these lengths, at most 12. An entry is `code << lengthBits | length`,
 * the code's first bit lowest, as deflate stores codes.
 */
export function huffmanCodes(lengths: Uint8Array): Uint16Array {
  const entries = new Uint16Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= 12; length++) {
    lengths.forEach((each, symbol) => {
      if (each === length) entries[symbol] = (reversed(code++, length) << lengthBits) | length;
    });
    code <<= 1;
  }
  return entries;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= ((code >>> bit) & 1) << (length - 1 - bit);
  return result;
}
