import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../audit.ts';
import type { FailureCode } from '../errors.ts';
import type { Job } from '../job.ts';
import { initialRouterState } from '../routing/state.ts';
import { routingSettingsSchema } from '../settings.ts';
import { later, noon, sampleJob } from '../testing/sample-job.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { diagnose, type Question, questions } from './diagnosis.ts';
import { duration, type Sentence } from './sentence.ts';
import type { SystemReading } from './system-reading.ts';

const letter = { id: '1', at: noon, data: 'data' };

const noJobs: SystemReading['jobs'] = {
  open: { vm: { queued: 0, processing: 0 }, run: { queued: 0, processing: 0 } },
  waiting: { vm: [], run: [] },
  processing: [],
  newest: [],
  undecided: [],
  unpublished: [],
  unclaimed: [],
  abandoned: [],
  unannounced: [],
};

/** A system in which all is well, with these differences. */
function reading({
  jobs = {},
  ...changes
}: Partial<Omit<SystemReading, 'jobs'>> & { jobs?: Partial<SystemReading['jobs']> } = {}): SystemReading {
  return {
    engine: 'google',
    uploadRefusal: null,
    now: noon,
    workers: [sampleWorker()],
    ignoredHeartbeats: 0,
    controls: {},
    state: initialRouterState,
    settings: routingSettingsSchema.parse({}),
    settingsChange: null,
    settingsProblem: null,
    sweptUntil: later(1_000),
    searchedAt: later(-600_000),
    prewarmingProblem: null,
    passedOver: [],
    audit: [],
    setup: { findings: [], notLookedAt: [] },
    uploads: { kind: 'read', value: { lost: [], looked: 0, complete: true, hours: 24 } },
    deadLetters: { kind: 'read', value: [] },
    ...changes,
    jobs: { ...noJobs, ...jobs },
  };
}

type Changes = Parameters<typeof reading>[0];
const answer = (question: Question, changes: Changes): Sentence[] =>
  diagnose(reading(changes)).answers[question];
const job = (changes: Partial<Job> = {}): Job => ({ ...sampleJob(), ...changes });
const ended = (changes: Partial<Job> = {}): Job =>
  job({ state: 'succeeded', endedAt: noon, deadlineAt: later(1_000), ...changes });
const failed = (code: FailureCode): Job =>
  ended({ state: 'failed', error: { code, message: 'It went wrong.', retryable: false } });
const many = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);
const settings = (run: object) => routingSettingsSchema.parse({ run });

it('a system in which all is well gets five answers, and none of them is wrong', () => {
  const { verdict, answers, notLookedAt } = diagnose(reading());
  expect(verdict).toBe('healthy');
  expect(Object.keys(answers)).toEqual(Object.keys(questions));
  for (const sentences of Object.values(answers)) expect(sentences.length).toBeGreaterThan(0);
  expect(notLookedAt).toEqual([]);
  expect(answers.healthy[0]?.what).toBe('New work is taken by 1 VM and Cloud Run (0 instances now).');
});

describe('what is wrong is said first, with what to do', () => {
  const paused = {
    ...initialRouterState,
    breaker: {
      ...initialRouterState.breaker,
      state: 'paused' as const,
      until: later(9_000),
      why: 'It refused.',
    },
  };
  it.each<[string, Question, Changes, RegExp]>([
    [
      'nothing_takes_work',
      'healthy',
      { workers: [], settings: settings({ enabled: false }) },
      /^Neither a VM nor Cloud Run/,
    ],
    ['run_paused', 'healthy', { state: paused }, /^Cloud Run is paused\. It refused\./],
    [
      'vm_paused',
      'healthy',
      { workers: [sampleWorker(), sampleWorker({ id: 'vm-2', state: 'paused' })] },
      /^vm-2 has paused itself/,
    ],
    [
      'worker_lacks',
      'healthy',
      { workers: [sampleWorker({ lacks: ['disk'] })] },
      /^The machine of vm-1 cannot work: Its disk is full/,
    ],
    ['settings_invalid', 'healthy', { settingsProblem: 'confidence: is a word' }, /confidence: is a word$/],
    ['heartbeats_ignored', 'healthy', { ignoredHeartbeats: 2 }, /^2 heartbeats are malformed/],
    [
      'not_set_up',
      'healthy',
      {
        setup: {
          findings: [{ what: 'The topic jobs-vm does not exist.', mend: 'gcloud …' }],
          notLookedAt: [],
        },
      },
      /^The topic jobs-vm does not exist\.$/,
    ],
    [
      'worker_silent',
      'healthy',
      { workers: [sampleWorker({ ageMs: 65_000 })] },
      /^The VM vm-1 has not been heard of for 1 min 5 s\./,
    ],
    [
      'not_prewarmed',
      'healthy',
      {
        prewarmingProblem: 'The account may not change the service.',
        settings: routingSettingsSchema.parse({ forecast: { prewarming: true } }),
      },
      /^Cloud Run is not prewarmed as it should be: The account may not change the service\.$/,
    ],
    ['never_swept', 'healthy', { sweptUntil: null }, /^Nobody has swept yet/],
    ['search_overdue', 'lost', { searchedAt: later(-4 * 3_600_000) }, /began 4 hours ago\.$/],
    ['not_swept', 'healthy', { sweptUntil: later(-600_000) }, /^Nobody has swept for 10 min:/],
    [
      'operation_missing',
      'healthy',
      {
        workers: [sampleWorker({ offers: { operations: ['caption'], models: [], fetches: true } })],
        settings: settings({ enabled: false }),
      },
      /^No worker knows the operation /,
    ],
    [
      'jobs_fail',
      'healthy',
      { jobs: { newest: [...many(3, failed('internal')), ended()] } },
      /^3 of the newest 4 jobs failed, and not for their pictures: internal \(3\)\. The last was 0123456789abcdef0123456789abcdef: It went wrong\.$/,
    ],
    [
      'late_waiting',
      'late',
      {
        jobs: {
          open: { ...noJobs.open, vm: { queued: 7, processing: 0 } },
          waiting: { vm: [job({ deadlineAt: later(-31_000) }), job({ deadlineAt: later(1_000) })], run: [] },
        },
      },
      /^At least 1 job waits for the VMs past the deadline\. 0123456789abcdef0123456789abcdef \(sketch\) is late by 31 s\.$/,
    ],
    [
      'late_waiting',
      'late',
      { jobs: { waiting: { vm: [], run: many(2, job({ deadlineAt: later(-1_000) })) } } },
      /^2 jobs wait for Cloud Run past the deadline\./,
    ],
    [
      'late_processing',
      'late',
      {
        jobs: {
          processing: [
            job({ deadlineAt: later(-5_000), claim: { worker: 'vm-9', token: 't', expiresAt: noon } }),
          ],
        },
      },
      /^1 job is worked on past the deadline\. \w+ \(sketch, vm-9\) is late by 5 s\.$/,
    ],
    [
      'objectives_missed',
      'late',
      { jobs: { newest: [...many(3, ended({ deadlineAt: later(-1) })), ...many(7, ended())] } },
      /^Of the jobs that succeeded within an hour, 3 of the newest 10 were late \(30 %\)\.$/,
    ],
    [
      'undecided',
      'lost',
      { jobs: { undecided: [job()] } },
      /^1 job has waited for minutes for the sweep to decide where it goes: 0123456789abcdef0123456789abcdef\.$/,
    ],
    [
      'unpublished',
      'lost',
      { jobs: { unpublished: [job()] } },
      /^1 job was recorded and not published: 0123456789abcdef0123456789abcdef\.$/,
    ],
    [
      'unclaimed',
      'lost',
      { jobs: { unclaimed: many(5, job({ id: 'a' })) } },
      /^5 jobs were published long ago and are not claimed: a, a, a and 2 more\.$/,
    ],
    ['abandoned', 'lost', { jobs: { abandoned: [job()] } }, /^1 job is claimed by a worker that is gone/],
    [
      'unannounced',
      'lost',
      { jobs: { unannounced: [job()] } },
      /^1 job has ended, and its event is not published/,
    ],
    [
      'uploads_without_job',
      'lost',
      {
        uploads: {
          kind: 'read',
          value: { lost: ['gs://uploads/a.jpg#1'], looked: 9, complete: true, hours: 24 },
        },
      },
      /^1 upload of the last 24 hours never became a job: gs:\/\/uploads\/a\.jpg#1\.$/,
    ],
    [
      'dead_letters',
      'lost',
      { deadLetters: { kind: 'read', value: many(2, { ...letter, problem: 'It is no JSON.' }) } },
      /^At least 2 messages were put aside in jobs-dead: It is no JSON\.$/,
    ],
    [
      'passed_over',
      'lost',
      {
        passedOver: [
          {
            task: 'sweep',
            item: 'job a',
            why: 'It is odd.',
            since: noon,
            lastAt: noon,
            times: 1,
            expiresAt: later(9),
          },
        ],
      },
      /^The sweep can do nothing for job a since .*: It is odd\.$/,
    ],
    [
      'over_budget',
      'expensive',
      { settings: settings({ mostDollarsPerHour: 2 }), state: { ...initialRouterState, spentLastHour: 2.5 } },
      /^Cloud Run has cost \$2\.50 within an hour, and \$2\.00 is the limit/,
    ],
  ])('%s', (code, question, changes, what) => {
    expect(diagnose(reading(changes)).verdict).toBe('wrong');
    const sentence = answer(question, changes).find((each) => each.code === code);
    expect(sentence).toMatchObject({ weight: 'wrong', what: expect.stringMatching(what) });
    expect(sentence?.mend).toMatch(/\w{3}/);
    expect(answer(question, changes)[0]?.weight).toBe('wrong');
  });
});

describe('what is worth knowing is no reason for alarm', () => {
  const older = sampleWorker({ id: 'vm-2', version: '0.0.9' });
  it.each<[string, Question, Changes, RegExp]>([
    [
      'versions_differ',
      'healthy',
      { workers: [sampleWorker(), older] },
      /^Workers are of different versions: 0\.0\.9 \(vm-2\), 0\.1\.0 \(vm-1\)\./,
    ],
    [
      'drained',
      'healthy',
      { controls: { 'vm-1': { drain: true, pause: null } } },
      /these take no new work: vm-1\.$/,
    ],
    ['run_off', 'healthy', { settings: settings({ enabled: false }) }, /^Cloud Run is switched off/],
    [
      'models_missing',
      'healthy',
      {
        workers: [
          sampleWorker({
            offers: { operations: ['sketch', 'remove-background', 'caption'], models: [], fetches: false },
          }),
        ],
      },
      /^Only the built-in demo models are installed for /,
    ],
    ['job_failed', 'healthy', { jobs: { newest: [failed('poison')] } }, /^1 of the newest 1 job failed/],
    [
      'nearly_over_budget',
      'expensive',
      { settings: settings({ mostDollarsPerHour: 2 }), state: { ...initialRouterState, spentLastHour: 1.7 } },
      /^Cloud Run has cost \$1\.70 within the last hour, of \$2\.00/,
    ],
    ['no_budget', 'expensive', {}, /^There is no limit for the cost of an hour/],
    [
      'act_cut_off',
      'who',
      { audit: [act({ outcome: 'begun', at: later(-120_000) })] },
      /^2 min ago ann@x\.org did retry_job of a1, and it is not known whether it was done\.$/,
    ],
  ])('%s', (code, question, changes, what) => {
    expect(diagnose(reading(changes)).verdict).toBe('healthy');
    expect(answer(question, changes)).toContainEqual(
      expect.objectContaining({ code, weight: 'note', what: expect.stringMatching(what) }),
    );
  });
});

describe('is as it should be:', () => {
  it.each<[string, Question, Changes, RegExp]>([
    [
      'waits',
      'late',
      {
        jobs: {
          open: { ...noJobs.open, run: { queued: 3, processing: 0 } },
          waiting: { vm: [], run: [job({ deadlineAt: later(1), createdAt: later(-3_000) })] },
        },
      },
      /^3 jobs wait for Cloud Run, the oldest for 3 s, and none past its deadline\.$/,
    ],
    [
      'objectives_kept',
      'late',
      { jobs: { newest: many(20, ended()) } },
      /^Of the jobs that succeeded within an hour, 20 of the newest 20 were in time\.$/,
    ],
    [
      'uploads_have_jobs',
      'lost',
      { uploads: { kind: 'read', value: { lost: [], looked: 200, complete: true, hours: 24 } } },
      /^All 200 uploads of the last 24 hours have their jobs\.$/,
    ],
    [
      'spent',
      'expensive',
      { jobs: { newest: [routed('run'), routed('vm')] } },
      /Of the newest 2 jobs, 50 % went to Cloud Run\.$/,
    ],
    [
      'settings_changed',
      'who',
      { settingsChange: { updatedBy: 'token', updatedAt: noon } },
      /^The settings of routing are those of somebody with the admin token, since 2026-01-01T12:00:00\.000Z\.$/,
    ],
    [
      'act',
      'who',
      { audit: [act({ at: later(-5_000), outcome: 'refused' })] },
      /^5 s ago ann@x\.org did retry_job of a1, which was refused\.$/,
    ],
  ])('%s', (code, question, changes, what) => {
    expect(diagnose(reading(changes)).verdict).toBe('healthy');
    expect(answer(question, changes)).toContainEqual({
      code,
      weight: 'fine',
      what: expect.stringMatching(what),
      mend: null,
    });
  });
});

it.each([
  ['a job that failed for its picture', { newest: many(9, failed('corrupt_image')) }],
  ['failures of yesterday', { newest: many(9, { ...failed('internal'), endedAt: later(-4_000_000) }) }],
  ['two late jobs', { newest: [...many(2, ended({ deadlineAt: later(-1) })), ended()] }],
])('%s is nothing wrong', (_, jobs) => {
  expect(diagnose(reading({ jobs })).verdict).toBe('healthy');
});

it('a search for lost uploads that has not come to its end yet is named, and nothing wrong', () => {
  const { verdict } = diagnose(reading({ searchedAt: null }));
  expect(verdict).toBe('healthy');
  const sentence = answer('lost', { searchedAt: null }).find(({ code }) => code === 'never_searched');
  expect(sentence).toMatchObject({ weight: 'note', what: expect.stringContaining('every hour') });
});

it('what could not be looked at is named, and is not called healthy', () => {
  const uploads = { kind: 'not_read' as const, why: 'This account may not look at the bucket a.' };
  const { verdict, notLookedAt } = diagnose(reading({ uploads, deadLetters: uploads }));
  expect(verdict).toBe('not_looked_at');
  expect(notLookedAt.map(({ what }) => what)).toEqual([
    'Not looked at: uploads. This account may not look at the bucket a.',
    'Not looked at: dead letters. This account may not look at the bucket a.',
  ]);
  const setup = { findings: [], notLookedAt: ['This account may not look at the topic jobs-vm.'] };
  expect(diagnose(reading({ setup })).notLookedAt.map(({ what }) => what)).toEqual(setup.notLookedAt);
  expect(diagnose(reading({ uploads, sweptUntil: null })).verdict).toBe('wrong');
});

it.each([0, 1_200])(
  'a search for uploads that ended early after %d of them is not called healthy',
  (looked) => {
    const value = { lost: [], looked, complete: false, hours: 24 };
    const { verdict, answers, notLookedAt } = diagnose(reading({ uploads: { kind: 'read', value } }));
    expect(verdict).toBe('not_looked_at');
    expect(answers.lost.some(({ what }) => /^All/.test(what))).toBe(false);
    expect(notLookedAt).toMatchObject([
      {
        code: 'not_looked_at',
        what: expect.stringMatching(/^Not looked at: some uploads of the last 24 hours\./),
      },
    ]);
  },
);

it.each([
  [0, '0 s'],
  [59_400, '59 s'],
  [120_000, '2 min'],
  [3_725_000, '1 h 2 min'],
  [200_000_000, '2 days'],
])('%d ms are %s', (ms, words) => {
  expect(duration(ms)).toBe(words);
});

function act(changes: Partial<AuditEntry>): AuditEntry {
  return {
    id: 'x',
    at: noon,
    by: 'ann@x.org',
    action: 'retry_job',
    subject: 'a1',
    detail: null,
    outcome: 'done',
    result: null,
    expiresAt: later(9),
    ...changes,
  };
}

function routed(target: 'vm' | 'run'): Job {
  const { route } = job();
  return job({ route: { ...route, target, reason: 'vm_in_time' } });
}

it.each([
  ['google', 'gcloud'],
  ['embedded', 'npx spillway'],
] as const)('names the commands of the engine: %s', (engine, command) => {
  const deadLetters: SystemReading['deadLetters'] = {
    kind: 'read',
    value: [{ ...letter, problem: 'It is odd.' }],
  };
  const lost = answer('lost', { engine, deadLetters }).filter(({ code }) => code === 'dead_letters');
  expect(lost.map(({ mend }) => mend)).toEqual([expect.stringContaining(command)]);
});
