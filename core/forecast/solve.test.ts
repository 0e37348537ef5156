import { expect, it } from 'vitest';
import { solveSymmetric } from './solve.ts';

it('solves a symmetric system', () => {
  // [4 2 1; 2 5 3; 1 3 6] x [1; -2; 3] = [3; 1; 13].
  const solution = solveSymmetric([4, 2, 1, 5, 3, 6], [3, 1, 13]);
  for (const [at, expected] of [1, -2, 3].entries()) expect(solution[at]).toBeCloseTo(expected, 12);
});
