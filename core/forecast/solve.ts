/**
 * Solves `matrix x solution = right` by Cholesky's decomposition.
 * @param upper The upper triangle of a symmetric, positive definite matrix, by rows.
 * @see Golub and Van Loan, "Matrix Computations", section 4.2
 */
export function solveSymmetric(upper: readonly number[], right: readonly number[]): number[] {
  const size = right.length;
  const at = (row: number, column: number) => upper[row * size - (row * (row - 1)) / 2 + column - row] ?? 0;
  const lower: number[][] = [];
  for (let row = 0; row < size; row++) {
    const values: number[] = [];
    for (let column = 0; column <= row; column++) {
      const above = lower[column] ?? values;
      let sum = at(column, row);
      for (let before = 0; before < column; before++) sum -= (values[before] ?? 0) * (above[before] ?? 0);
      values.push(column === row ? Math.sqrt(sum) : sum / (above[column] ?? 1));
    }
    lower.push(values);
  }
  const solution = [...right];
  for (let row = 0; row < size; row++) {
    for (let before = 0; before < row; before++) subtract(row, before, lower[row]?.[before] ?? 0);
    divide(row);
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let after = row + 1; after < size; after++) subtract(row, after, lower[after]?.[row] ?? 0);
    divide(row);
  }
  return solution;

  function subtract(row: number, other: number, factor: number): void {
    solution[row] = (solution[row] ?? 0) - factor * (solution[other] ?? 0);
  }

  function divide(row: number): void {
    solution[row] = (solution[row] ?? 0) / (lower[row]?.[row] ?? 1);
  }
}
