import { randomUUID } from 'node:crypto';
import { afterAll, expect, inject, it } from 'vitest';
import { emulatorPorts } from '../testing/emulator-ports.ts';

const ports = emulatorPorts(inject('stack').project);
afterAll(() => ports.close());

it('dead letters are shown again and again, and stay where they are', async () => {
  const problem = `It is odd: ${randomUUID()}`;
  await ports.queue.bury('data', problem);
  const seen = async () => (await ports.deadLetters.peek(1_000)).map((letter) => letter.problem);
  await expect.poll(seen).toContain(problem);
  await expect.poll(seen).toContain(problem);
});
