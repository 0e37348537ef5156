import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { heartbeatSchema } from '@spillway/core/heartbeat.ts';
import { manifestOf, type OperationName, operationNames } from '@spillway/core/operations.ts';
import { resultContentTypes } from '@spillway/core/picture-types.ts';
import { learnedBy } from '@spillway/core/routing/state.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { attemptFoldersIn } from '@spillway/pipeline/attempt-folders.ts';
import { receiveMessage } from '@spillway/pipeline/handle-message.ts';
import { LineMemory } from '@spillway/pipeline/line-memory.ts';
import { loadPlugins } from '@spillway/plugins/load.ts';
import { fixtures } from '@spillway/plugins/testing/fixtures.ts';
import { createProcessor, type Processor } from '@spillway/processing/processor.ts';
import { parseTrace } from '@spillway/simulator/arrivals/parse-trace.ts';
import { experiment } from '@spillway/simulator/experiment.ts';
import { readScenario } from '@spillway/simulator/read-scenario.ts';
import { jobViewSchema, operationListSchema } from '@spillway/web/api/schema.ts';
import { createBrowser, createTestApi, upload } from '@spillway/web/api/test-client.ts';
import { createBatchDeeds } from '@spillway/web/src/batches/batch-deeds.ts';
import { createBatchGrouper } from '@spillway/web/src/batches/group-pictures.ts';
import { PictureCard } from '@spillway/web/src/batches/PictureCard.tsx';
import { createShownResults } from '@spillway/web/src/batches/shown-results.ts';
import { OperationPicker } from '@spillway/web/src/components/OperationPicker.tsx';
import { OptionsDialog } from '@spillway/web/src/components/OptionsDialog.tsx';
import { createJobCache } from '@spillway/web/src/jobs/job-cache.ts';
import { readWords } from '@spillway/web/src/jobs/result-words.ts';
import { resultOf } from '@spillway/web/src/jobs/words.ts';
import { learnOperations } from '@spillway/web/src/operations/known-operations.ts';
import { createSelection } from '@spillway/web/src/options/selection.ts';
import { createUploadList } from '@spillway/web/src/uploads/upload-list.ts';
import { OperationStatsBook } from '@spillway/worker/operation-stats.ts';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../cli/testing/run-cli.ts';
import { drawnJpeg } from '../pictures.ts';

/** The built-in operations, and plug-ins that a program has added: one for each kind of result. */
const added = ['frame', 'measure', 'transcript'] as const;
await loadPlugins(added.map((name) => fixtures[name]).join(','));

let folder: string;
let photo: Buffer;
let processor: Processor;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-every-operation-'));
  photo = await drawnJpeg(1);
  await writeFile(join(folder, 'photo.jpg'), photo);
  processor = createProcessor({
    children: 1,
    timeLimitMs: 60_000,
    memoryLimitBytes: 2 ** 30,
    recycleAfter: 100,
    models: { folder },
    warmUp: [],
  });
});
afterAll(async () => {
  await processor.close();
  await rm(folder, { recursive: true, force: true });
});

/** The job of a picture that was uploaded on the page, done by a worker on stores in memory. */
async function done(operation: OperationName) {
  const test = createTestApi();
  const browser = createBrowser(test);
  const { id } = await upload(test, await browser.owner(), { bytes: photo, metadata: { operation } });
  const { target } = await readJob(test, id).then(({ route }) => route);
  const [message] = test.memory.queue.messages[target];
  const outcome = await receiveMessage(
    { data: JSON.stringify(message), trace: null },
    {
      ports: test.ports,
      operate: (request) => processor.process(request),
      worker: 'worker-1',
      target,
      folders: attemptFoldersIn(folder),
      claimMs: 60_000,
      maxAttempts: 3,
      learned: () => ({}),
      line: new LineMemory(),
      leaving: new AbortController().signal,
    },
  );
  return { browser, outcome, job: await readJob(test, id) };
}

async function readJob({ ports }: ReturnType<typeof createTestApi>, id: string) {
  const stored = await ports.jobs.get(id);
  if (!stored) throw new Error(`There is no job ${id}.`);
  return stored.job;
}

describe.each([...operationNames])('%s', (operation) => {
  const manifest = manifestOf(operation);

  it('is named by the API, and asked for by an upload', async () => {
    const browser = createBrowser(createTestApi());
    const listed = operationListSchema.parse(await (await browser.request('/api/v1/operations')).json());
    expect(listed.operations.find(({ name }) => name === operation)?.words).toEqual(manifest.words);
    const opened = await browser.post('/api/v1/uploads', {
      fileName: 'a.jpg',
      size: 10,
      operations: [operation],
    });
    expect(opened.status).toBe(201);
    const refused = await browser.post('/api/v1/uploads', {
      fileName: 'a.jpg',
      size: 10,
      operations: [operation],
      options: { [operation]: { 'no such option': 1 } },
    });
    expect(refused.status).toBe(422);
  });

  it('is offered on the page with its words, icon and options', async () => {
    const browser = createBrowser(createTestApi());
    vi.stubGlobal('fetch', browser.request);
    await learnOperations(new AbortController().signal).finally(() => vi.unstubAllGlobals());
    const selection = createSelection();
    selection.toggle(operation, true);
    const page = renderToString(h(OperationPicker, { selection }));
    expect(page).toContain(manifest.words.description);
    expect(page).toContain(manifest.icon);
    const dialog = renderToString(h(OptionsDialog, { operation, selection, onClose() {} }));
    for (const key of Object.keys(manifest.options.shape))
      expect(dialog).toContain(`id="${operation}-${key}"`);
    expect(selection.obstacle.value).toBeNull();
  });

  it('is routed, done and served, told of in heartbeats, and shown', async () => {
    const { browser, outcome, job } = await done(operation);
    expect(job).toMatchObject({ state: 'succeeded', operation });
    const objective = job.deadlineAt.getTime() - job.source.timeCreated.getTime();
    expect(objective).toBe(manifest.objectiveMs.interactive);
    expect(job.result?.name.startsWith(`${operation}/`)).toBe(true);

    const result = await browser.request(`/api/v1/jobs/${job.id}/result`);
    expect(result.status).toBe(200);
    expect(result.headers.get('content-type')).toBe(job.result?.contentType);
    expect(typesOf[manifest.produces.kind]).toContain(job.result?.contentType);

    const book = new OperationStatsBook(() => new Date());
    for (let run = 0; run < 5; run++) book.record(outcome as Parameters<typeof book.record>[0], 100);
    const beat = heartbeatSchema.parse(
      JSON.parse(JSON.stringify(sampleWorker({ perOperation: book.perOperation() }))),
    );
    expect(beat.perOperation[operation]?.succeeded).toBe(5);
    expect(learnedBy(beat)[operation]?.all.count).toBe(5);

    const jobs = [jobViewSchema.parse(job)];
    const [batch] = createBatchGrouper()({ uploads: [], jobs, knownCards: new Set() });
    const [picture] = batch?.pictures ?? [];
    if (!batch || !picture) throw new Error('The job has no picture.');
    const card = renderToString(
      h(PictureCard, {
        batchKey: batch.key,
        picture,
        shownResults: createShownResults(),
        deeds: createBatchDeeds(createJobCache(), createUploadList()),
        width: 300,
        onOpen() {},
        onGone() {},
      }),
    );
    expect(card).toContain(`${manifest.words.result.toLowerCase()} of holiday.jpg`);
    if (manifest.produces.kind === 'picture') {
      expect(card).toContain(`alt="${resultOf(operation, 'holiday.jpg')}"`);
      return;
    }
    expect(card).toContain(`The ${manifest.words.result.toLowerCase()} is loading.`);
    const words = readWords(job, await result.text());
    expect(words).toMatchObject({ kind: 'loaded', words: { isCode: false } });
    if (words.kind === 'loaded') expect(words.words.text.length).toBeGreaterThan(3);
  });

  it('is run by the command line', async () => {
    const { code, lines, stderr } = await runCli(
      ['process', operation, join(folder, 'photo.jpg'), '--json'],
      folder,
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(lines[0] ?? '')).toHaveProperty('model');
  });

  it('is simulated with the costs of its manifest', async () => {
    const scenario = readScenario();
    scenario.jobs.mix = { [operation]: 1 };
    const report = await experiment({
      source: parseTrace('poisson:1'),
      policies: ['deadline'],
      seeds: 1,
      scenario,
      half: 'first',
      bound: false,
    });
    const [policy] = report.policies;
    expect(policy?.perOperation[operation]?.jobs).toBe(policy?.jobs);
    const least = manifest.simulated?.run.fixedMs ?? manifest.priorServiceMs.fixed / 2;
    expect(policy?.perOperation[operation]?.p50).toBeGreaterThan(least / 2_000);
  });
});

const typesOf = {
  picture: [resultContentTypes.png, resultContentTypes.jpg, resultContentTypes.webp],
  json: [resultContentTypes.json],
  text: [resultContentTypes.txt],
};
