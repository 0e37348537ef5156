import { readFile } from 'node:fs/promises';
import { readServeOptions } from '@spillway/serve/options.ts';
import { expect, test } from 'vitest';
import { nodeVersions } from './build-program.ts';
import { programNames } from './programs.ts';
import { readStages } from './testing/dockerfile.ts';

const stages = await readStages();
const names = stages.map(({ name }) => name);
/** Functions are built by Google, from their archive. */
const images = programNames.filter((name) => name !== 'functions');

const releaseLine = (text: string | undefined) => /\d+/.exec(text ?? '')?.[0];

test('the base image is pinned by its digest', () => {
  const fromOutside = stages.map(({ base }) => base).filter((base) => !names.includes(base));
  expect(fromOutside).toEqual([expect.stringMatching(/^node:[\d.]+-\w+-slim@sha256:[0-9a-f]{64}$/)]);
});

test('images, functions and folders ask for the same release line of Node', async () => {
  const functions = await readFile(new URL('../terraform/functions.tf', import.meta.url), 'utf8');
  const runtime = /runtime\s*=\s*"nodejs(\d+)"/.exec(functions)?.[1];
  expect([runtime, releaseLine(stages[0]?.base)]).toEqual([releaseLine(nodeVersions), runtime]);
});

test.each(images)('%s runs as an account without rights, with node as the first process', (name) => {
  const stage = stages.find((each) => each.name === name);
  const last = (kind: string) => stage?.instructions.filter((each) => each.kind === kind).at(-1);
  expect(last('user')).toEqual({ kind: 'user', user: expect.stringMatching(/^[1-9]\d{3,}:[1-9]\d{3,}$/) });
  expect(last('entrypoint')).toEqual({ kind: 'entrypoint', words: ['node', 'main.js'] });
});

test.each(images)(
  '%s holds what its own folder became, and nothing that was only needed to make it',
  (name) => {
    const stage = stages.find((each) => each.name === name);
    const copies = stage?.instructions.filter(({ kind }) => kind === 'copy');
    expect(copies).toEqual([{ kind: 'copy', from: `${name}-installed`, source: '/app/', target: './' }]);
    expect(stage?.instructions.filter(({ kind }) => kind === 'run')).toEqual([]);
    const installed = stages.find((each) => each.name === `${name}-installed`);
    expect(installed?.instructions).toContainEqual({
      kind: 'copy',
      from: null,
      source: `dist/${name}/`,
      target: './',
    });
  },
);

test('both workers are made in the same way, so that a test of one image holds for the other', () => {
  const [vm, run] = ['vm-worker', 'cloudrun-worker'].map((name) => {
    const lines = stages
      .filter((stage) => stage.name.startsWith(name))
      .flatMap(({ instructions }) => instructions.filter(({ kind }) => kind !== 'expose'));
    return JSON.parse(JSON.stringify(lines).replaceAll(name, 'worker'));
  });
  expect(vm).toEqual(run);
});

test('one machine keeps everything in a volume, answers for its health, and serves where nobody says otherwise', () => {
  const { instructions = [] } = stages.find(({ name }) => name === 'one-machine') ?? {};
  const environment = Object.assign(
    {},
    ...instructions.map((each) => (each.kind === 'set' ? each.values : {})),
  );
  expect(instructions).toContainEqual({ kind: 'volume', path: environment.SPILLWAY_DATA });
  expect(environment.SPILLWAY_MODELS_DIR).toBe(`${environment.SPILLWAY_DATA}/models`);
  expect(instructions).toContainEqual({ kind: 'command', words: ['serve'] });
  const health = instructions.find(({ kind }) => kind === 'healthcheck');
  expect(health).toEqual({ kind: 'healthcheck', command: expect.stringContaining('/health') });
  expect(() => readServeOptions({}, environment)).not.toThrow();
});
