import type { RunServiceDescription } from '@spillway/core/run-service.ts';
import type { CloudRunView } from '@spillway/web/api/admin-schema.ts';
import { expect, it } from 'vitest';
import {
  conditionNotes,
  instanceWords,
  limitWords,
  notShownWords,
  prewarmingLine,
  reachWords,
  scalingWords,
} from './cloud-run-words.ts';

const revision = {
  name: 'worker-00002',
  createdAt: null,
  traffic: 90,
  limits: { vcpus: 2, memoryBytes: 4 * 2 ** 30, concurrency: 1, timeoutMs: 120_000 },
  maxInstances: 11,
  conditions: [],
};
const service: RunServiceDescription = {
  name: 'projects/p/locations/l/services/worker',
  scaling: { minInstances: 2, maxInstances: 20 },
  reconciling: false,
  conditions: [{ type: 'Ready', state: 'succeeded', message: '' }],
  revisions: [revision],
};
const prewarming: CloudRunView['prewarming'] = {
  ...{ on: true, set: 2, wanted: 2, reason: 'forecast', changedAt: null, changes: [], problem: null },
  bounds: { least: 0, most: 5 },
  why: 'It is needed.',
};

it('counts the instances that have reported lately', () => {
  const run = { kind: 'run', state: 'ready', ageMs: 1_000, busy: 0, inFlight: null } as const;
  expect(instanceWords([])).toEqual(['none', 'none has reported lately']);
  const others = [
    { ...run, kind: 'vm' as const },
    { ...run, state: 'stopped' as const },
    { ...run, ageMs: 600_000 },
  ];
  expect(instanceWords([run, { ...run, busy: 1 }, ...others])).toEqual(['2', '1 busy']);
});

it('says how the service scales: the lowest maximum counts, of revisions that have requests', () => {
  expect(scalingWords(service)).toEqual(['2', 'always started, 11 at most']);
  const unused = { ...revision, traffic: 0, maxInstances: 1 };
  expect(scalingWords({ ...service, revisions: [unused] })).toEqual(['2', 'always started, 20 at most']);
  const none = { ...service, scaling: { minInstances: 0, maxInstances: null }, revisions: [] };
  expect(scalingWords(none)).toEqual(['0', 'always started, no maximum of its own']);
});

it('says what prewarming keeps, or why it does not', () => {
  expect(prewarmingLine(prewarming)).toEqual([
    '2 instances',
    'It is needed. Wanted now: 2. Allowed: 0 to 5.',
  ]);
  expect(prewarmingLine({ ...prewarming, on: false, why: 'It is off.' })).toEqual(['Off', 'It is off.']);
  expect(prewarmingLine({ ...prewarming, problem: 'Denied.' })).toEqual(['Fails', 'Denied.']);
});

it('says the limits of an instance, as far as Cloud Run does', () => {
  expect(limitWords(revision)).toBe('2 vCPU, 4 GiB, 1 request at a time, 2 min at most');
  const nothing = { vcpus: null, memoryBytes: null, concurrency: null, timeoutMs: null };
  expect(limitWords({ ...revision, limits: nothing })).toBe('not said');
});

it('repeats what Cloud Run says is wrong', () => {
  expect(conditionNotes(service)).toEqual([]);
  const failed = { type: 'Ready', state: 'failed', message: 'The image is missing.' } as const;
  expect(conditionNotes({ ...service, reconciling: true, conditions: [failed, failed] })).toEqual([
    'The service: Ready has failed. The image is missing.',
    'A change of the service is under way.',
  ]);
});

it('says why the service is not shown', () => {
  const reach = { kind: 'jobs' } as const;
  expect(notShownWords({ reach, service: { kind: 'read', description: service } })).toBeNull();
  expect(notShownWords({ reach, service: { kind: 'not_named' } })).toContain('SPILLWAY_RUN_SERVICE');
  expect(notShownWords({ reach, service: { kind: 'not_shown', why: 'It may not.' } })).toBe('It may not.');
});

it('says where pictures are sent, and needs no name of the service then', () => {
  const pictures = { kind: 'pictures', url: 'https://worker.example' } as const;
  expect(reachWords(pictures)).toBe('Pictures are sent to https://worker.example.');
  expect(reachWords({ kind: 'none' })).toContain('SPILLWAY_RUN_URL');
  expect(reachWords({ kind: 'jobs' })).toBeNull();
  expect(notShownWords({ reach: pictures, service: { kind: 'not_named' } })).toBeNull();
});
