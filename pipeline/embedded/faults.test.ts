import { expect, it } from 'vitest';
import {
  doneAgain,
  events,
  expectEndedOnce,
  faultsContract,
  onlyMessagesTwice,
  share,
  toldEnds,
} from '../testing/faults-contract.ts';
import { play } from '../testing/faulty-world.ts';
import { embeddedEngine } from './testing/world-engine.ts';

faultsContract('SQLite', [1, 2, 3], embeddedEngine);

it('a VM that dies with its messages and a Cloud Run that takes nothing for a while cost no job', async () => {
  const uploads = 200;
  const played = await play({
    ...{ seed: 5, uploads, arrivals: 16, faults: onlyMessagesTwice, engine: embeddedEngine, ...events },
  });
  await expectEndedOnce(played, uploads);
  expect(toldEnds(played)).toBe(uploads);
  expect(share(played, ({ state }) => state === 'succeeded')).toBe(1);
  // What the dead VM was working on is done again: a message on each of two slots, which perhaps came twice.
  expect(doneAgain(played)).toBeLessThanOrEqual(4);
});
