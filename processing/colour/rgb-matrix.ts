import { type Chromaticity, type Primaries, srgbPrimaries } from './code-points.ts';

/** Three rows of three. */
export type Matrix = readonly number[];

/** Cone responses by Bradford, as ICC profiles use them (ICC.1:2022, annex E). */
const bradford: Matrix = [0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296];

/** From light in some primaries, which must not lie on one line (`spanColours`), to CIE XYZ adapted to D65. */
export function xyzMatrix({ red, green, blue, white }: Primaries): Matrix {
  const whiteXyz = xyzOf(white);
  const columns = transpose([red, green, blue].flatMap(xyzOf));
  const shares = apply(inverse(columns), whiteXyz);
  const toXyz = columns.map((value, index) => value * (shares[index % 3] ?? 0));
  return multiply(adaptation(whiteXyz, xyzOf(srgbPrimaries.white)), toXyz);
}

/** Whether three primaries enclose more than a sliver of colours, with a white among them. */
export function spanColours(primaries: Primaries): boolean {
  const { red, green, blue, white } = primaries;
  const area = determinantOf([red, green, blue].flatMap(([x, y]) => [x, y, 1]));
  if (Math.abs(area) < leastTriangle) return false;
  return apply(inverse(transpose([red, green, blue].flatMap(xyzOf))), xyzOf(white)).every(
    (share) => share > 0,
  );
}

/** Twice the area in CIE x and y; that of sRGB is 0.22. */
const leastTriangle = 0.01;

/** Of luminance 1, or for a colour without luminance (in XYZ itself) of sum 1. */
function xyzOf([x, y]: Chromaticity): number[] {
  return [x, y, 1 - x - y].map((value) => value / (y || 1));
}

function adaptation(from: number[], to: number[]): Matrix {
  const source = apply(bradford, from);
  const scale = apply(bradford, to).map((cone, index) => cone / (source[index] ?? 1));
  const scaled = bradford.map((value, index) => value * (scale[Math.floor(index / 3)] ?? 0));
  return multiply(inverse(bradford), scaled);
}

function apply(matrix: Matrix, vector: readonly number[]): number[] {
  return [0, 3, 6].map((row) =>
    vector.reduce((sum, value, index) => sum + value * (matrix[row + index] ?? 0), 0),
  );
}

export function multiply(left: Matrix, right: Matrix): Matrix {
  const columns = [0, 1, 2].map((column) =>
    apply(
      left,
      [0, 3, 6].map((row) => right[row + column] ?? 0),
    ),
  );
  return transpose(columns.flat());
}

function transpose(matrix: Matrix): Matrix {
  return matrix.map((_, index) => matrix[(index % 3) * 3 + Math.floor(index / 3)] ?? 0);
}

export function inverse(matrix: Matrix): Matrix {
  const cofactors = cofactorsOf(matrix);
  const determinant = determinantOf(matrix);
  return cofactors.map((value) => value / determinant);
}

function cofactorsOf(matrix: Matrix): number[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = matrix;
  const upper = [e * i - f * h, c * h - b * i, b * f - c * e];
  const middle = [f * g - d * i, a * i - c * g, c * d - a * f];
  return [...upper, ...middle, d * h - e * g, b * g - a * h, a * e - b * d];
}

function determinantOf(matrix: Matrix): number {
  const [first = 0, , , second = 0, , , third = 0] = cofactorsOf(matrix);
  const [a = 0, b = 0, c = 0] = matrix;
  return a * first + b * second + c * third;
}
