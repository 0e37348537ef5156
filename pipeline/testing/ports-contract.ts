import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { CRC32C } from '@google-cloud/storage';
import type { ApiKey } from '@spillway/core/api-keys.ts';
import { type AuditEntry, keptAuditMs } from '@spillway/core/audit.ts';
import { RefusedError } from '@spillway/core/errors.ts';
import { largestFile } from '@spillway/core/file-size.ts';
import { type ForecastDocument, initialForecastDocument } from '@spillway/core/forecast/prewarming.ts';
import { initialRouterState, learnFrom, type RouterState } from '@spillway/core/routing/state.ts';
import { defaultRoutingSettings, routingSettingsSchema } from '@spillway/core/settings.ts';
import { steadyStats } from '@spillway/core/testing/learned-service.ts';
import { later, noon } from '@spillway/core/testing/sample-job.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import type { FinalizedObject } from '@spillway/core/uploads.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ports } from '../ports/ports.ts';

/** What every set of adapters must do; `upload` puts an object where an integrator would. */
export function portsContract(
  name: string,
  ports: () => Ports,
  upload: (name: string, bytes: Buffer, contentEncoding?: string) => Promise<{ generation: string }>,
): void {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spillway-contract-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const newName = () => `_contract/${randomUUID()} ä%?#.txt`;
  const { uploads, results } = {
    uploads: () => ports().buckets.uploads,
    results: () => ports().buckets.results,
  };

  describe(`blobs: ${name}`, () => {
    it('download exactly the generation that was asked for', async () => {
      const { blobs } = ports();
      const object = newName();
      const { generation } = await upload(object, Buffer.from('123456789'));
      const path = join(directory, 'first');
      const blob = { bucket: uploads(), name: object, generation };
      expect(await blobs.download(blob, path)).toMatchObject({
        kind: 'downloaded',
        size: 9,
        // The check value of CRC-32C in RFC 3720's family: 0xE3069283.
        crc32c: '4waSgw==',
      });
      expect(await readFile(path, 'utf8')).toBe('123456789');

      const newer = await upload(object, Buffer.from('second'));
      expect(await blobs.download(blob, path)).toEqual({ kind: 'gone', replaced: true });
      await blobs.remove(uploads(), object, newer.generation);
      expect(await blobs.download(blob, path)).toEqual({ kind: 'gone', replaced: false });
    });

    it('unpack what is stored packed, and tell of it as it is stored', async () => {
      const { blobs } = ports();
      const plain = Buffer.from('123456789'.repeat(100));
      const path = join(directory, 'packed');
      const stored: [string, Buffer, Buffer][] = [
        ['gzip', gzipSync(plain), plain],
        ['GZIP', gzipSync(plain), plain],
        ['br', brotliCompressSync(plain), plain],
        // A label does not make it so, and is taken off once.
        ['gzip', plain, plain],
        ['utf-8', plain, plain],
        ['gzip', gzipSync(gzipSync(plain)), gzipSync(plain)],
      ];
      for (const [contentEncoding, bytes, unpacked] of stored) {
        const object = newName();
        const { generation } = await upload(object, bytes, contentEncoding);
        const blob = { bucket: uploads(), name: object, generation };
        expect(await blobs.download(blob, path)).toEqual({
          kind: 'downloaded',
          size: bytes.length,
          crc32c: crc32cOf(bytes),
        });
        expect((await readFile(path)).equals(unpacked)).toBe(true);
      }
      const object = newName();
      await upload(object, gzipSync(plain), 'gzip');
      const read = await blobs.read(uploads(), object);
      expect(read?.size).toBeNull();
      expect(read && (await text(read.stream))).toBe(plain.toString());
    });

    it('blame the file for what cannot be unpacked', async () => {
      const { blobs } = ports();
      const path = join(directory, 'bad');
      const failing = async (bytes: Buffer) => {
        const object = newName();
        const { generation } = await upload(object, bytes, 'gzip');
        return blobs.download({ bucket: uploads(), name: object, generation }, path);
      };
      const whole = gzipSync(Buffer.alloc(10_000, 'abcdefg'));
      await expect(failing(whole.subarray(0, -9))).rejects.toMatchObject({
        name: 'PermanentError',
        code: 'corrupt_image',
      });
      const bomb = gzipSync(Buffer.alloc(largestFile + 1));
      await expect(failing(bomb)).rejects.toMatchObject({ code: 'file_too_large' });
    });

    it('read some bytes of one generation', async () => {
      const { blobs } = ports();
      const object = newName();
      const { generation } = await upload(object, Buffer.from('0123456789'));
      const part = async (first: number, last: number) => {
        const read = await blobs.read(uploads(), object, { generation, range: { first, last } });
        return read && [read.size, await text(read.stream)];
      };
      expect(await part(2, 4)).toEqual([3, '234']);
      expect(await part(8, 31)).toEqual([2, '89']);
      const whole = await blobs.read(uploads(), object, { generation });
      expect(whole && [whole.size, await text(whole.stream)]).toEqual([10, '0123456789']);

      const packed = newName();
      await upload(packed, gzipSync('packed'), 'gzip');
      const all = await blobs.read(uploads(), packed, { range: { first: 0, last: 1 } });
      expect(all && [all.size, await text(all.stream)]).toEqual([null, 'packed']);

      await upload(object, Buffer.from('newer'));
      expect(await part(0, 1)).toBeNull();
    });

    it('remove one generation and leave a newer one alone', async () => {
      const { blobs } = ports();
      const object = newName();
      const old = await upload(object, Buffer.from('first'));
      await upload(object, Buffer.from('second'));
      await blobs.remove(uploads(), object, old.generation);
      expect(await blobs.read(uploads(), object)).not.toBeNull();
    });

    it('write once: the second writer adopts what the first wrote', async () => {
      const { blobs } = ports();
      const object = newName();
      const path = join(directory, 'result');
      await writeFile(path, 'from a file');
      const first = await blobs.writeOnce(results(), object, { from: { path }, contentType: 'text/plain' });
      const second = await blobs.writeOnce(results(), object, {
        from: { text: 'from memory' },
        contentType: 'text/html',
      });
      expect(second).toEqual(first);
      const read = await blobs.read(results(), object);
      expect(read).toMatchObject({ contentType: 'text/plain', size: 11 });
      expect(read && (await text(read.stream))).toBe('from a file');
    });

    it('remove all that begins alike, but what is to be kept', async () => {
      const { blobs } = ports();
      const stem = newName();
      for (const name of [`${stem}.png`, `${stem}.json`, `${stem}.error.json`, `${stem}x.png`]) {
        await blobs.writeOnce(results(), name, { from: { text: name }, contentType: 'text/plain' });
      }
      await blobs.removeAllBut(results(), `${stem}.`, [`${stem}.json`]);
      expect(await blobs.read(results(), `${stem}.png`)).toBeNull();
      expect(await blobs.read(results(), `${stem}.error.json`)).toBeNull();
      expect(await blobs.read(results(), `${stem}.json`)).not.toBeNull();
      expect(await blobs.read(results(), `${stem}x.png`)).not.toBeNull();
    });

    it('say null of what is not there, and remove it without complaint', async () => {
      const { blobs } = ports();
      expect(await blobs.read(results(), newName())).toBeNull();
      await blobs.remove(results(), newName());
    });

    it('bear a reader who goes away before the first byte', async () => {
      const { blobs } = ports();
      const object = newName();
      await blobs.writeOnce(results(), object, {
        from: { text: 'x'.repeat(1e6) },
        contentType: 'text/plain',
      });
      for (let round = 0; round < 5; round++) {
        const read = await blobs.read(results(), object);
        read?.stream.read(0);
        read?.stream.destroy();
      }
      const read = await blobs.read(results(), object);
      expect(read && (await text(read.stream))).toHaveLength(1e6);
    });

    it.each(['', '.', '..', 'a\nb', 'a\rb', 'sketch/\ud800.jpg', 'a\0', 'ä'.repeat(513)])(
      'know nothing of the name %j, and refuse it',
      async (object) => {
        const { blobs } = ports();
        const missing = { bucket: uploads(), name: object, generation: '1' };
        expect(await blobs.download(missing, join(directory, 'none'))).toEqual({
          kind: 'gone',
          replaced: false,
        });
        expect(await blobs.read(results(), object)).toBeNull();
        await blobs.remove(results(), object);
        const content = { from: { text: 'x' }, contentType: 'text/plain' };
        await expect(blobs.writeOnce(results(), object, content)).rejects.toThrow(RefusedError);
        const session = { bucket: uploads(), contentType: 'image/png', size: 1, origin: null };
        await expect(blobs.openUpload({ ...session, name: object, metadata: {} })).rejects.toThrow(
          RefusedError,
        );
      },
    );

    it.each<Record<string, string>>([{ batch: '\ud800' }, { '\udc00': 'x' }, { options: 'x'.repeat(8_193) }])(
      'refuse an upload with metadata that cannot be kept',
      async (metadata) => {
        const session = { bucket: uploads(), contentType: 'image/png', size: 1, origin: null };
        const opening = ports().blobs.openUpload({ ...session, name: newName(), metadata });
        await expect(opening).rejects.toThrow(RefusedError);
      },
    );

    it('list what was created between two points in time', async () => {
      const { blobs } = ports();
      const object = newName();
      await upload(object, Buffer.from('listed'));
      const list = async (from: number, to: number) => {
        const found: FinalizedObject[] = [];
        for await (const one of blobs.createdBetween(uploads(), new Date(from), new Date(to), expect.fail))
          found.push(one);
        return found.filter((one) => one.name === object);
      };
      expect(await list(Date.now() - 60_000, Date.now() + 60_000)).toMatchObject([{ size: 6 }]);
      expect(await list(0, Date.now() - 60_000)).toEqual([]);
    });
  });

  describe(`fleet: ${name}`, () => {
    it('gives heartbeats with their age by its own clock, and forgets expired ones', async () => {
      const { fleet } = ports();
      const id = `worker-${randomUUID()}`;
      const { ageMs: _, ...heartbeat } = sampleWorker({ id, expiresAt: new Date(Date.now() + 60_000) });
      await fleet.beat(heartbeat);
      const mine = async () => (await fleet.read()).workers.find((worker) => worker.id === id);
      const worker = await mine();
      expect(worker).toMatchObject(heartbeat);
      expect(worker?.ageMs).toBeGreaterThanOrEqual(0);
      expect(worker?.ageMs).toBeLessThan(60_000);
      await fleet.removeExpired();
      expect(await mine()).toBeDefined();
      await fleet.beat({ ...heartbeat, expiresAt: new Date(Date.now() - 60_000) });
      await fleet.removeExpired();
      expect(await mine()).toBeUndefined();
    });

    it.each(['__x__', 'a/b', 'a/b/c', '..', '', '\ud800'])('knows no worker with the id %j', async (id) => {
      const { fleet } = ports();
      expect(await fleet.control(id)).toEqual({ drain: false, pause: null });
      await expect(fleet.changeControl(id, { drain: true })).rejects.toThrow(RefusedError);
      const { ageMs: _, ...heartbeat } = sampleWorker({ id });
      await expect(fleet.beat(heartbeat)).rejects.toThrow(RefusedError);
    });

    it('keeps what the admin wants apart from heartbeats', async () => {
      const { fleet } = ports();
      const id = `worker-${randomUUID()}`;
      expect(await fleet.control(id)).toEqual({ drain: false, pause: null });
      const wanted = { drain: true, pause: { why: 'It failed.', since: noon } };
      await fleet.changeControl(id, wanted);
      const { ageMs: _, ...heartbeat } = sampleWorker({ id });
      await fleet.beat(heartbeat);
      expect(await fleet.control(id)).toEqual(wanted);
      await Promise.all([
        fleet.changeControl(id, { drain: false }),
        fleet.changeControl(id, { pause: null }),
      ]);
      expect(await fleet.control(id)).toEqual({ drain: false, pause: null });
      await fleet.changeControl(id, { drain: true });
      expect(await fleet.control(id)).toEqual({ drain: true, pause: null });
    });

    it('tells a watcher of new heartbeats', async () => {
      const { fleet } = ports();
      const id = `worker-${randomUUID()}`;
      const seen: string[] = [];
      const watch = fleet.watch(
        (workers) => seen.push(...workers.map((worker) => worker.id)),
        (error) => expect.fail(String(error)),
      );
      const { ageMs: _, ...heartbeat } = sampleWorker({ id });
      await fleet.beat(heartbeat);
      await expect.poll(() => seen).toContain(id);
      watch.stop();
    });
  });

  describe(`queue: ${name}`, () => {
    it('puts aside whatever it is given, with a problem of any length', async () => {
      const { queue } = ports();
      await queue.bury('not JSON \ud800', `It is ${'very '.repeat(500)}long: \udfff`);
      await queue.bury('', '');
    });

    it('refuses an announcement that it cannot carry', async () => {
      const { queue } = ports();
      const event = {
        jobId: 'x',
        state: 'failed',
        operation: 'sketch',
        owner: null,
        source: { bucket: 'uploads', name: 'sketch/cat.jpg', generation: '1' },
        result: null,
        error: null,
        target: 'vm',
      } as const;
      await expect(queue.announce('x'.repeat(1_025), event, noon, null)).rejects.toThrow(RefusedError);
      await expect(queue.announce('\ud800', event, noon, null)).rejects.toThrow(RefusedError);
    });
  });

  describe(`settings: ${name}`, () => {
    it('of the routing are the default ones until they are changed, and say who changed them', async () => {
      const { settings } = ports();
      expect(await settings.readRouting()).toEqual({
        settings: defaultRoutingSettings,
        change: null,
        problem: null,
      });
      const wanted = routingSettingsSchema.parse({
        confidence: 2.5,
        shares: { owners: { 'ann.b/c': 3 } },
        run: { mostDollarsPerHour: 1.5 },
      });
      const changed = await settings.changeRouting(wanted, 'ann');
      expect(changed).toMatchObject({ settings: wanted, change: { updatedBy: 'ann' }, problem: null });
      expect(Math.abs(Date.now() - (changed.change?.updatedAt.getTime() ?? 0))).toBeLessThan(60_000);
      expect(await settings.readRouting()).toEqual(changed);
      expect(await settings.routing()).toEqual(wanted);
      expect(await settings.sourceRules()).toEqual([]);
    });
  });

  describe(`what routers know: ${name}`, () => {
    it('is nothing at first, and then what was written', async () => {
      const { routerStates } = ports();
      expect(await routerStates.read()).toEqual(initialRouterState);
      const { perOperation } = sampleWorker({ perOperation: { sketch: steadyStats(2) } });
      const learned = learnFrom([sampleWorker({ perOperation, delivery: { p50: 1, p90: 2, count: 3 } })], {
        ...initialRouterState,
        spentLastHour: 0.25,
      });
      const state: RouterState = {
        ...learned,
        breaker: {
          state: 'paused',
          since: noon,
          until: later(15_000),
          trips: 1,
          probe: null,
          operation: 'caption',
          why: 'It failed.',
        },
      };
      const written = await routerStates.replace(initialRouterState, state);
      expect(written).toEqual({ ...state, revision: 1 });
      expect(await routerStates.read()).toEqual(written);
      const again = await routerStates.replace(written ?? state, initialRouterState);
      expect(again).toEqual({ ...initialRouterState, revision: 2 });
      expect(await routerStates.read()).toEqual(again);
    });

    it('is not written over by one who has read an older state', async () => {
      const { routerStates } = ports();
      const before = await routerStates.read();
      const spending = [1, 2, 3, 4].map((spentLastHour) => ({ ...before, spentLastHour }));
      const written = await Promise.all(spending.map((next) => routerStates.replace(before, next)));
      const winners = written.filter((state) => state !== null);
      expect(winners).toHaveLength(1);
      expect(await routerStates.read()).toEqual(winners[0]);
      await routerStates.replace(winners[0] ?? before, initialRouterState);
    });
  });

  describe(`the forecast: ${name}`, () => {
    it('is none at first, then what was written, and is not written over by one who read an older one', async () => {
      const { forecasts } = ports();
      expect(await forecasts.read()).toEqual(initialForecastDocument);
      const forecast: ForecastDocument = {
        ...initialForecastDocument,
        forecaster: JSON.stringify({ nested: [[1], [2]] }),
        expected: { sketch: [1, 1.5], 'remove-background': [] },
        arrivingSlots: 0.25,
        at: noon,
        wanted: [{ minute: 1, count: 2 }],
        set: 2,
        changedAt: noon,
        reason: 'forecast',
        changes: [{ at: noon, from: 0, to: 2, why: 'Much is to arrive.' }],
      };
      const written = await forecasts.replace(initialForecastDocument, forecast);
      expect(written).toEqual({ ...forecast, revision: 1 });
      expect(await forecasts.read()).toEqual(written);
      expect(await forecasts.replace(initialForecastDocument, forecast)).toBeNull();
      const last = await forecasts.replace(written ?? forecast, initialForecastDocument);
      expect(last).toEqual({ ...initialForecastDocument, revision: 2 });
    });
  });

  describe(`what was passed over: ${name}`, () => {
    it('is noted once a minute for each item, and forgotten in time', async () => {
      const { passedOver } = ports();
      const item = `gs://uploads/sketch/${randomUUID()} \ud800${'x'.repeat(2_000)}`;
      const note = { task: 'search', item, why: 'It was refused.' } as const;
      await passedOver.note(note);
      await passedOver.note(note);
      await passedOver.note({ ...note, task: 'sweep' });
      const mine = (await passedOver.recent(100)).filter(
        (each) => each.item.slice(0, 40) === item.slice(0, 40),
      );
      expect(mine.map(({ task, times }) => [task, times]).sort()).toEqual([
        ['search', 1],
        ['sweep', 1],
      ]);
      expect(mine.every((each) => each.expiresAt > each.lastAt && each.why === note.why)).toBe(true);
      expect((await passedOver.recent(1)).map(({ task }) => task)).toEqual(['search']);
      await passedOver.removeExpired();
      expect(await passedOver.recent(100)).toEqual(expect.arrayContaining(mine));
    });
  });

  describe(`what admins did: ${name}`, () => {
    it('is kept from its beginning, and given the latest first, page by page', async () => {
      const { audit } = ports();
      // Later than what another test has done; two of one moment.
      const start = Date.now() + 1_000_000_000;
      const entries = [0, 1, 1, 2].map(
        (offset): AuditEntry => ({
          id: randomUUID(),
          at: new Date(start + offset),
          by: 'ann@example.com',
          action: 'cancel_job',
          subject: 'a'.repeat(64),
          detail: 'ä'.repeat(2_000),
          outcome: 'begun',
          expiresAt: new Date(start + keptAuditMs),
        }),
      );
      for (const entry of entries) await audit.begin(entry);
      await audit.end(entries[0]?.id ?? '', 'done');
      await audit.end(entries[1]?.id ?? '', 'refused');

      const first = await audit.recent(2, null);
      const second = await audit.recent(2, first.cursor);
      const read = [...first.entries, ...second.entries];
      expect(read.map(({ at }) => at.getTime() - start)).toEqual([2, 1, 1, 0]);
      expect(read.map(({ id }) => id).sort()).toEqual(entries.map(({ id }) => id).sort());
      const outcomes = new Map(read.map(({ id, outcome }) => [id, outcome]));
      expect(entries.map(({ id }) => outcomes.get(id))).toEqual(['done', 'refused', 'begun', 'begun']);
      expect(read[0]).toEqual(entries[3]);
      for (const cursor of ['nonsense', '99999999999999999.a', '0.__x__', '1.a']) {
        expect((await audit.recent(2, cursor)).entries).toEqual([]);
      }
    });
  });

  describe(`API keys: ${name}`, () => {
    const newKey = (change: Partial<ApiKey> = {}): ApiKey => {
      const hash = randomUUID().replaceAll('-', '').repeat(2);
      return {
        id: hash.slice(0, 16),
        hash,
        name: 'Camera',
        owner: 'garden',
        scopes: ['upload', 'read'],
        createdAt: new Date(Date.now() + 1_000_000_000),
        createdBy: 'ann@example.com',
        validUntil: later(1_000),
        lastUsedAt: null,
        revokedAt: null,
        revokedBy: null,
        expiresAt: later(2_000),
        ...change,
      };
    };

    it('are made once, found by their id, and listed with the newest first', async () => {
      const { apiKeys } = ports();
      const older = newKey();
      const newer = newKey({ createdAt: new Date(older.createdAt.getTime() + 1) });
      expect([await apiKeys.create(older), await apiKeys.create(newer)]).toEqual([true, true]);
      expect(await apiKeys.create({ ...older, owner: 'somebody else' })).toBe(false);
      expect(await apiKeys.get(older.id)).toEqual(older);
      expect(await apiKeys.get('f'.repeat(16))).toBeNull();
      expect((await apiKeys.list(2)).map(({ id }) => id)).toEqual([newer.id, older.id]);
    });

    it('are revoked once, and say when they were used', async () => {
      const { apiKeys } = ports();
      const key = newKey();
      await apiKeys.create(key);
      const end = { revokedAt: later(10), revokedBy: 'bob@example.com', expiresAt: later(20) };
      expect(await apiKeys.revoke(key.id, end)).toEqual({ ...key, ...end });
      expect(await apiKeys.revoke(key.id, { ...end, revokedBy: 'eve' })).toEqual({ ...key, ...end });
      await apiKeys.noteUse(key.id, later(5));
      expect(await apiKeys.get(key.id)).toEqual({ ...key, ...end, lastUsedAt: later(5) });
      const unknown = newKey();
      expect(await apiKeys.revoke(unknown.id, end)).toBeNull();
      await apiKeys.noteUse(unknown.id, later(5));
      expect(await apiKeys.get(unknown.id)).toBeNull();
    });
  });

  describe(`leases: ${name}`, () => {
    it('go to one holder, who may renew, and to another once they end', async () => {
      const { leases } = ports();
      const lease = randomUUID();
      const holders = ['a', 'b', 'c', 'd'];
      const won = await Promise.all(holders.map((holder) => leases.acquire(lease, holder, 60_000)));
      expect(won.filter(Boolean)).toHaveLength(1);
      const winner = holders[won.indexOf(true)] ?? '';
      expect(await leases.acquire(lease, winner, 1)).toBe(true);
      await expect.poll(() => leases.acquire(lease, 'e', 60_000)).toBe(true);
      expect(await leases.acquire(lease, winner, 60_000)).toBe(false);
    });

    it('tell when they end, whoever holds them', async () => {
      const { leases } = ports();
      const lease = randomUUID();
      expect(await leases.endOf(lease)).toBeNull();
      await leases.acquire(lease, 'a', 60_000);
      const first = (await leases.endOf(lease))?.getTime() ?? 0;
      await leases.acquire(lease, 'a', 120_000);
      expect((await leases.endOf(lease))?.getTime()).toBeGreaterThanOrEqual(first + 60_000);
    });
  });
}

function crc32cOf(bytes: Buffer): string {
  const crc32c = new CRC32C();
  crc32c.update(bytes);
  return crc32c.toString();
}
