import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { expect, it } from 'vitest';

const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

/** What every program below begins with. */
const head = `
  import { createJsonLog } from ${here('json-log.ts')};
  import { OutageError } from '@spillway/core/errors.ts';
  import { logProcessFaults } from ${here('log/process-faults.ts')};
  import { context, ROOT_CONTEXT, trace } from ${JSON.stringify(import.meta.resolve('@opentelemetry/api'))};
  import { setTimeout } from 'node:timers/promises';
  const log = createJsonLog('program one', { project: 'demo', secrets: ['the admin’s token'] });
`;

/** A program that logs, waits, logs again, and says on standard error that it is still there. */
const patient = `
  for (const line of ['one', 'two', 'three']) {
    log.info({ line }, 'A line.');
    await setTimeout(20);
  }
  console.error('alive');
`;

function run(program: string, stdout: 'pipe' | number = 'pipe') {
  const args = ['--input-type=module', '--eval', head + program];
  return spawnSync(process.execPath, args, {
    stdio: ['ignore', stdout, 'pipe'],
    encoding: 'utf8',
    timeout: 50_000,
    cwd: new URL('.', import.meta.url),
  });
}

/** The lines that a program writes. */
function linesOf(program: string) {
  const { stdout, stderr } = run(program);
  expect(stderr).toBe('');
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

it('writes a line of JSON for each message, with its severity, its time and its program', () => {
  const lines = linesOf(`
    log.info({}, 'One.');
    log.warn({}, 'Two.');
    log.error({ any: [1, { deep: true }] }, 'Three.');
  `);
  expect(lines).toMatchObject([
    { severity: 'INFO', message: 'One.', program: 'program one', time: expect.stringMatching(/^20.*Z$/) },
    { severity: 'WARNING', message: 'Two.' },
    { severity: 'ERROR', message: 'Three.', any: [1, { deep: true }] },
  ]);
});

it('does not end its program when there is no room for a line', () => {
  expect(run(patient).stdout.trim().split('\n')).toHaveLength(3);
  // Every write to it fails with ENOSPC.
  const { stderr, status } = run(patient, openSync('/dev/full', 'w'));
  expect(stderr).toContain('alive');
  expect(status).toBe(0);
});

const traceId = '0af7651916cd43dd8448eb211c80319c';

it('shows a line with the trace of its job, and with the span under way where that belongs to it', () => {
  const lines = linesOf(`
    const manager = { active: () => current, with: (context, work) => work(), bind: (_, it) => it, enable() {}, disable() {} };
    let current = ROOT_CONTEXT;
    context.setGlobalContextManager(manager);
    const traceparent = '00-${traceId}-b7ad6b7169203331-01';
    const under = (traceId, spanId) => {
      current = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 0 });
    };
    log.info({}, 'Nothing.');
    log.info({ trace: traceparent }, 'A job.');
    log.info({ trace: 'nonsense' }, 'A job without.');
    under('${traceId}', '00f067aa0ba902b7');
    log.info({ trace: traceparent }, 'A job in its span.');
    under('11111111111111111111111111111111', '00f067aa0ba902b7');
    log.info({ trace: traceparent }, 'A job in the span of a sweep.');
    log.info({ trace: null }, 'A sweep.');
  `);
  const shown = lines.map((line) => [
    line['logging.googleapis.com/trace'],
    line['logging.googleapis.com/spanId'],
    line['logging.googleapis.com/trace_sampled'],
  ]);
  const ofJob = `projects/demo/traces/${traceId}`;
  expect(shown).toEqual([
    [undefined, undefined, undefined],
    [ofJob, 'b7ad6b7169203331', true],
    [undefined, undefined, undefined],
    [ofJob, '00f067aa0ba902b7', false],
    [ofJob, 'b7ad6b7169203331', true],
    ['projects/demo/traces/11111111111111111111111111111111', '00f067aa0ba902b7', false],
  ]);
  expect(lines.some((line) => 'trace' in line)).toBe(false);
});

it('gives Error Reporting the stack of what is our fault, and of nothing else', () => {
  const lines = linesOf(`
    const fault = new TypeError('x is not a function');
    log.error({ error: fault }, 'A fault.');
    log.warn({ error: fault }, 'The same, as a warning.');
    log.error({ error: new OutageError('Firestore did not answer.', { cause: fault }) }, 'An outage.');
    log.error({ error: new Error('Wrapped.', { cause: new OutageError('No answer.') }) }, 'Wrapped.');
    log.error({ error: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) }, 'System.');
    log.error({ error: 'text' }, 'Text.');
  `);
  expect(lines.map((line) => 'stack_trace' in line)).toEqual([true, false, false, false, false, false]);
  expect(lines[0]).toMatchObject({
    stack_trace: expect.stringMatching(/^TypeError: x is not a function\n {4}at /),
    serviceContext: { service: 'program' },
    error: { type: 'TypeError', message: 'x is not a function' },
  });
  expect(lines[2].error).toMatchObject({
    type: 'OutageError',
    message: 'Firestore did not answer.',
    cause: { type: 'TypeError', stack: expect.stringContaining('at ') },
  });
  expect(lines[4].error).toEqual({
    type: 'Error',
    message: 'connect ECONNREFUSED',
    code: 'ECONNREFUSED',
  });
});

it('has no secret in a line, wherever it was: in a name, a value, a message, an error, a stack or its cause', () => {
  const { stdout } = run(`
    const secret = 'AHmUCY2secret';
    const url = 'https://storage.googleapis.com/upload?upload_id=' + secret + '&x=1';
    const failed = new Error('PUT ' + url, { cause: new Error('of ' + url) });
    const all = { url, list: [url, { [url]: url }], map: new Map([['a', url]]), set: new Set([url]), at: new URL(url) };
    log.info(all, 'Sent to ' + url);
    log.error({ error: failed, all }, failed.message);
    log.warn({ sessionUrl: secret, headers: { Authorization: secret, cookie: [secret] } }, 'the admin’s token');
    const raw = ['Host', 'x', 'Authorization', secret, 'Cookie', [secret]];
    log.warn({ raw, pairs: [['cookie', secret]], header: { name: 'cookie', value: secret }, nested: { rawHeaders: raw } }, 'Headers: ' + JSON.stringify(raw));
    log.warn({ error: Object.assign(new Error('A code.'), { code: 'upload_id=' + secret }) }, 'A code.');
    log.warn({ deep: { deep: { why: 'by the admin’s token' } } }, 'A value.');
  `);
  expect(stdout.trim().split('\n')).toHaveLength(6);
  expect(stdout).not.toContain('AHmUCY2secret');
  expect(stdout).not.toContain('the admin’s token');
});

it('writes whatever it is given within bounds, and never throws', () => {
  const lines = linesOf(`
    const circle = { name: 'circle' };
    circle.self = circle;
    const throwing = { get bad() { throw new Error('no'); }, good: 1 };
    log.info({ circle, throwing, big: 10n, bytes: Buffer.alloc(5_000_000), at: new Date(NaN) }, 'Odd.');
    log.info({ list: Array(100_000).fill('x'), text: 'y'.repeat(10_000_000) }, 'z'.repeat(10_000_000));
    log.info({ many: Object.fromEntries(Array.from({ length: 9_999 }, (_, at) => ['k' + at, at])) }, 'Many.');
    let deep = {};
    for (let at = 0; at < 10_000; at++) deep = { deep };
    log.info({ error: Object.assign(new Error('A code.'), { code: 'c'.repeat(10_000_000) }) }, 'A code.');
    log.info({ deep, lone: '\\ud800' }, 'Deep.');
  `);
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatchObject({
    circle: { name: 'circle', self: '[circular]' },
    throwing: { good: 1 },
    big: '10',
    bytes: '[5000000 bytes]',
    at: null,
  });
  for (const line of lines) expect(JSON.stringify(line).length).toBeLessThan(10_000);
});

it('tells of what it left out when its program ends', () => {
  const lines = linesOf(`for (let each = 0; each < 10; each++) log.warn({ task: 'a' }, 'Again.');`);
  expect(lines.map(({ leftOut }) => leftOut)).toEqual([undefined, 9]);
});

it('has the error that ends a program, and Node’s warnings, without their secrets', () => {
  const { stdout, stderr, status } = run(`
    logProcessFaults(log);
    process.emitWarning('MaxListeners of upload_id=secret', 'MaxListenersExceededWarning');
    await setTimeout(5);
    Promise.reject(new Error('Nobody caught upload_id=secret'));
    await setTimeout(10_000);
  `);
  expect([status, stderr]).toEqual([1, '']);
  const [warning, fault] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(warning).toMatchObject({
    severity: 'WARNING',
    message: expect.stringMatching(/^MaxListenersExceededWarning: /),
  });
  expect(fault).toMatchObject({ severity: 'ERROR', stack_trace: expect.stringContaining('Nobody caught') });
  expect(stdout).not.toContain('upload_id=secret');
});
