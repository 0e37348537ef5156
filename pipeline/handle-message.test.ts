import { UnreadableDocumentError } from '@spillway/core/errors.ts';
import { describe, expect, it } from 'vitest';
import { receiveMessage } from './handle-message.ts';
import { workbench } from './testing/workbench.ts';

describe('a message', () => {
  it('that cannot be read is put aside and settled', async () => {
    const bench = await workbench();
    for (const data of ['', 'not json', '{"jobId": 3}']) {
      expect(await receiveMessage({ data, trace: null }, bench.executor())).toMatchObject({
        kind: 'malformed',
        ack: true,
      });
    }
    expect(bench.ports.queue.buried).toHaveLength(3);
  });

  it.each(['__x__', 'a/b', 'a/b/c', '..', '', '\ud800', 'a\0b', 'x'.repeat(1_500)])(
    'about a job that cannot be, %j, is put aside and settled',
    async (jobId) => {
      const bench = await workbench();
      const data = JSON.stringify({ schemaVersion: 1, jobId, epoch: 0 });
      expect(await receiveMessage({ data, trace: null }, bench.executor())).toMatchObject({
        kind: 'malformed',
        ack: true,
      });
      expect(bench.ports.queue.buried).toMatchObject([{ data, problem: expect.stringContaining('jobId') }]);
    },
  );

  it('of a newer version is left for a newer worker', async () => {
    const bench = await workbench();
    const data = JSON.stringify({ schemaVersion: 99, jobId: 'x', epoch: 0 });
    expect(await receiveMessage({ data, trace: null }, bench.executor())).toMatchObject({
      kind: 'newer',
      ack: false,
    });
  });

  it('about a job whose document cannot be read is put aside with its name, and settled', async () => {
    const bench = await workbench();
    const problem = 'jobs/x (cat.jpg) is no job: Invalid input at state';
    bench.ports.jobs.get = () => Promise.reject(new UnreadableDocumentError(problem, { isNewer: false }));
    const data = JSON.stringify({ schemaVersion: 1, jobId: 'x', epoch: 0 });
    for (const target of ['run', 'vm'] as const) {
      const outcome = await receiveMessage({ data, trace: null }, { ...bench.executor(), target });
      expect(outcome).toEqual({ kind: 'malformed', ack: true, why: problem });
    }
    expect(bench.ports.queue.buried).toEqual([
      { data, problem },
      { data, problem },
    ]);
  });

  it('about a job whose document only a newer version can read is left for a newer worker', async () => {
    const bench = await workbench();
    bench.ports.jobs.get = () => Promise.reject(new UnreadableDocumentError('newer', { isNewer: true }));
    const data = JSON.stringify({ schemaVersion: 1, jobId: 'x', epoch: 0 });
    expect(await receiveMessage({ data, trace: null }, bench.executor())).toMatchObject({
      kind: 'newer',
      ack: false,
    });
    expect(bench.ports.queue.buried).toEqual([]);
  });

  it('about no job at all is dropped', async () => {
    const bench = await workbench();
    const data = JSON.stringify({ schemaVersion: 1, jobId: 'x', epoch: 0 });
    expect(await receiveMessage({ data, trace: null }, bench.executor())).toEqual({
      kind: 'dropped',
      ack: true,
      why: 'unknown',
    });
  });
});
