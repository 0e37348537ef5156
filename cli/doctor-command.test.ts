import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { askDoctor, type DoctorFlags } from './doctor-command.ts';
import { emptyFolder } from './testing/run-cli.ts';

const named = { data: null, stack: null, project: null, json: false } as const;

/** Asks the doctor, with these variables alone. */
async function ask(flags: Partial<DoctorFlags>, environment: Record<string, string>) {
  const said: string[] = [];
  const keep = (line: unknown) => void said.push(String(line));
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(keep),
    vi.spyOn(console, 'error').mockImplementation(keep),
  ];
  const before = { ...process.env };
  try {
    return { code: await askDoctor({ ...named, ...flags }, environment), said: said.join('\n') };
  } finally {
    process.env = before;
    for (const spy of spies) spy.mockRestore();
  }
}

/** A Firestore that answers each call with a status of gRPC. */
async function firestoreThatAnswers(status: number, message: string): Promise<string> {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': encodeURIComponent(message) });
    });
    stream.resume().on('end', () => stream.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const elsewhere = {
  METADATA_SERVER_DETECTION: 'none',
  SPILLWAY_PROJECT: 'elsewhere',
  SPILLWAY_UPLOADS_BUCKET: 'uploads',
  SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
  SPILLWAY_RESULTS_BUCKET: 'results',
  PUBSUB_EMULATOR_HOST: '127.0.0.1:9',
  STORAGE_EMULATOR_HOST: 'http://127.0.0.1:9',
};

describe('spillway doctor says in a sentence why it cannot look, and ends with 2,', () => {
  it('where there is no database, and makes none', async () => {
    const folder = await emptyFolder();
    const file = join(folder, 'spillway.db');
    const environment = { ...elsewhere, SPILLWAY_ENGINE: 'embedded', SPILLWAY_DATABASE: file };
    expect(await ask({}, environment)).toEqual({
      code: 2,
      said: `The doctor cannot look at the project elsewhere. There is no database ${file}.`,
    });
    expect(existsSync(file)).toBe(false);
    await writeFile(file, 'It is no database.'.repeat(100));
    expect(await ask({}, environment)).toMatchObject({
      code: 2,
      said: expect.stringMatching(/^The doctor cannot look at the project elsewhere[.] .* is no database[.]/),
    });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['where a variable is missing', { SPILLWAY_PROJECT: 'elsewhere' }, /SPILLWAY_UPLOADS_BUCKET/],
    [
      'where Firestore is away',
      { ...elsewhere, FIRESTORE_EMULATOR_HOST: '127.0.0.1:9' },
      /^Firestore of the project elsewhere does not answer[.] Does it run[?] /,
    ],
  ])('%s', async (_, environment, sentence) => {
    expect(await ask({}, environment)).toEqual({ code: 2, said: expect.stringMatching(sentence) });
  });

  it('where there is no local stack', async () => {
    const folder = await emptyFolder();
    const nowhere = (file: string) =>
      `There is no local stack in ${file}: start one with npm start, name its file with --stack, or set SPILLWAY_PROJECT and the names of the buckets for a system elsewhere.`;
    const usual = join(folder, 'stack.json');
    expect(await ask({}, { SPILLWAY_LOCAL_DIR: folder })).toEqual({ code: 2, said: nowhere(usual) });
    // What is named on the command line comes before the environment.
    const other = join(folder, 'other.json');
    expect(await ask({ stack: other }, elsewhere)).toEqual({ code: 2, said: nowhere(other) });
  });

  it.each([
    [
      'the project is a wrong one',
      5,
      'The database (default) does not exist for project elsewhere',
      'The doctor cannot look at the project other. The database (default) of Firestore does not exist. Mend it with: gcloud firestore databases create',
    ],
    [
      'it may not read',
      7,
      'Missing or insufficient permissions.',
      'The doctor cannot look at the project other. The database (default) of Firestore does not exist, or this program may not read it.',
    ],
    [
      'the API is off',
      7,
      'Cloud Firestore API has not been used in project 1 before or it is disabled.',
      'The doctor cannot look at the project other. The API firestore.googleapis.com is switched off in this project. Mend it with: gcloud services enable',
    ],
  ])('where %s', async (_, status, message, sentence) => {
    const FIRESTORE_EMULATOR_HOST = await firestoreThatAnswers(status, message);
    const environment = { ...elsewhere, FIRESTORE_EMULATOR_HOST };
    const { code, said } = await ask({ project: 'other' }, environment);
    expect([code, said]).toEqual([2, expect.stringContaining(sentence)]);
    expect(said).not.toContain('\n');
    const asJson = await ask({ project: 'other', json: true }, environment);
    expect(asJson.code).toBe(2);
    expect(JSON.parse(asJson.said)).toEqual({ verdict: 'not_looked_at', why: said });
  });
});
