import { randomUUID } from 'node:crypto';
import type { ApiKey } from '@spillway/core/api-keys.ts';
import { type AuditEntry, keptAuditMs } from '@spillway/core/audit.ts';
import { InvalidCursorError, RefusedError } from '@spillway/core/errors.ts';
import { type ForecastDocument, initialForecastDocument } from '@spillway/core/forecast/prewarming.ts';
import { initialFleetSummary, summaryOf } from '@spillway/core/routing/fleet-summary.ts';
import { initialRouterState, learnFrom, type RouterState } from '@spillway/core/routing/state.ts';
import { defaultRoutingSettings, routingSettingsSchema } from '@spillway/core/settings.ts';
import type { Share } from '@spillway/core/shares.ts';
import type { SourceRule } from '@spillway/core/source-rules.ts';
import { steadyStats } from '@spillway/core/testing/learned-service.ts';
import { later, noon } from '@spillway/core/testing/sample-job.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { initialSearchPlace } from '@spillway/core/upload-search.ts';
import { describe, expect, it } from 'vitest';
import type { Ports } from '../ports/ports.ts';

/** What every set of adapters must do, besides its jobs and blobs. */
export function portsContract(name: string, ports: () => Omit<Ports, 'blobs'>): void {
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
      expect((await fleet.controls()).has(id)).toBe(false);
      await fleet.changeControl(id, { drain: true });
      expect(await fleet.control(id)).toEqual({ drain: true, pause: null });
      expect((await fleet.controls()).get(id)).toEqual({ drain: true, pause: null });
      await fleet.changeControl(id, { drain: false, pause: wanted.pause });
      expect((await fleet.controls()).get(id)).toEqual({ drain: false, pause: wanted.pause });
      await fleet.changeControl(id, { pause: null });
      expect((await fleet.controls()).has(id)).toBe(false);
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

    it('of senders are no rules until they are changed, and in force where they were changed', async () => {
      const { settings } = ports();
      expect(await settings.readSources()).toEqual({ rules: [], change: null, problem: null });
      const rules: SourceRule[] = [
        {
          prefix: 'garden/ä.b/',
          operations: ['sketch', 'caption'],
          options: { sketch: { blur: 9 } },
          owner: 'garden',
          class: 'bulk',
        },
      ];
      const changed = await settings.changeSources(rules, 'ann');
      expect(changed).toMatchObject({ rules, change: { updatedBy: 'ann' }, problem: null });
      expect(await settings.readSources()).toEqual(changed);
      expect(await settings.sourceRules()).toEqual(rules);
      await settings.changeSources([], 'ann');
    });

    it('keep what was before each change and after it, the latest first, page by page', async () => {
      const { settings, clock } = ports();
      const earlier = (await settings.history('routing', 100, null)).entries.length;
      const first = (await settings.readRouting()).settings;
      const second = routingSettingsSchema.parse({ shares: { owners: { 'a.b/c': 2 } } });
      await settings.changeRouting(second, 'ann@example.com');
      await settings.changeSources([], 'bob@example.com');
      const [made] = (await settings.history('routing', 1, null)).entries;
      // Two changes of one millisecond have no order.
      await expect.poll(() => clock.now().getTime()).toBeGreaterThan(made?.at.getTime() ?? 0);
      await settings.changeRouting(first, 'bob@example.com', made?.id ?? '');
      const newest = await settings.history('routing', 1, null);
      const older = await settings.history('routing', 100, newest.cursor);
      expect(newest.entries).toMatchObject([
        { document: 'routing', by: 'bob@example.com', undoes: made?.id },
      ]);
      expect(older.entries[0]).toEqual(made);
      expect(made).toMatchObject({ by: 'ann@example.com', undoes: null });
      expect([made?.before, made?.after].map((json) => JSON.parse(json ?? ''))).toEqual([first, second]);
      expect(1 + older.entries.length).toBe(earlier + 2);
      expect(older.cursor).toBeNull();
      expect(await settings.historyEntry(made?.id ?? '')).toEqual(made);
      expect(await settings.historyEntry(randomUUID())).toBeNull();
      const ofSources = await settings.history('sources', 100, null);
      expect(ofSources.entries.every(({ document }) => document === 'sources')).toBe(true);
      const tampered = async () => settings.history('routing', 1, 'nonsense');
      await expect(tampered()).rejects.toThrow(InvalidCursorError);
    });
  });

  describe(`how far searches have come: ${name}`, () => {
    it('is kept for each of them, and not written over by one who has read an older place', async () => {
      const { searchPlaces } = ports();
      const [one, other] = [searchPlaces.of('last_day-uploads'), searchPlaces.of('two_weeks-uploads')];
      const before = await one.read();
      const round = { startedAt: noon, from: later(-60_000), behind: 'sketch/ä 1.jpg', isClean: true };
      const written = await one.replace(before, { ...before, round });
      expect(written).toEqual({ revision: 1, round, coveredAt: null, cleanAt: null });
      expect(await searchPlaces.of('last_day-uploads').read()).toEqual(written);
      expect(await one.replace(before, { ...before, coveredAt: noon })).toBeNull();
      expect(await other.read()).toEqual(initialSearchPlace);
      await one.replace(written ?? before, initialSearchPlace);
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

  describe(`the summary of the fleet: ${name}`, () => {
    it('is none at first, then what was written, and is not written over by one who read an older one', async () => {
      const { fleet, fleetSummaries } = ports();
      expect(await fleetSummaries.read()).toEqual(initialFleetSummary);
      const workers = Array.from({ length: 1_000 }, (_, index) => sampleWorker({ id: `vm-${index}` }));
      const { readAt } = await fleet.read();
      const summary = summaryOf({ readAt, workers }, initialFleetSummary);
      const written = await fleetSummaries.replace(initialFleetSummary, summary);
      expect(written).toEqual({ ...summary, revision: 1 });
      expect(await fleetSummaries.read()).toEqual(written);
      expect(await fleetSummaries.replace(initialFleetSummary, summary)).toBeNull();
      const last = await fleetSummaries.replace(written ?? summary, initialFleetSummary);
      expect(last).toEqual({ ...initialFleetSummary, revision: 2 });
    });

    it('has the age that the database’s clock says', async () => {
      const { fleet, clock } = ports();
      expect(Math.abs(clock.now().getTime() - (await fleet.read()).readAt.getTime())).toBeLessThan(60_000);
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
          result: null,
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
      expect((await audit.recent(2, '1.a')).entries).toEqual([]);
      for (const cursor of ['nonsense', '99999999999999999.a', '0.__x__', '']) {
        await expect((async () => audit.recent(2, cursor))()).rejects.toThrow(InvalidCursorError);
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

  describe(`private links: ${name}`, () => {
    const newShare = (change: Partial<Share> = {}): Share => {
      const hash = randomUUID().replaceAll('-', '').repeat(2);
      return {
        id: hash.slice(0, 16),
        hash,
        owner: randomUUID(),
        batch: randomUUID(),
        name: 'Holiday',
        createdAt: new Date(Date.now() + 1_000_000_000),
        validUntil: later(1_000),
        revokedAt: null,
        expiresAt: later(2_000),
        ...change,
      };
    };

    it('are made once, found by their id, and listed for their owner alone with the newest first', async () => {
      const { shares } = ports();
      const older = newShare();
      const newer = newShare({ owner: older.owner, createdAt: new Date(older.createdAt.getTime() + 1) });
      const others = newShare();
      for (const share of [older, newer, others]) expect(await shares.create(share)).toBe(true);
      expect(await shares.create({ ...older, owner: 'somebody else' })).toBe(false);
      expect(await shares.get(older.id)).toEqual(older);
      expect(await shares.get('f'.repeat(16))).toBeNull();
      expect(await shares.ofOwner(older.owner, 10)).toEqual([newer, older]);
      expect(await shares.ofOwner(older.owner, 1)).toEqual([newer]);
    });

    it('are revoked once, and removed', async () => {
      const { shares } = ports();
      const share = newShare();
      await shares.create(share);
      const end = { revokedAt: later(10), expiresAt: later(20) };
      expect(await shares.revoke(share.id, end)).toEqual({ ...share, ...end });
      expect(await shares.revoke(share.id, { ...end, revokedAt: later(30) })).toEqual({ ...share, ...end });
      expect(await shares.get(share.id)).toEqual({ ...share, ...end });
      expect(await shares.revoke('f'.repeat(16), end)).toBeNull();
      await shares.remove(share.id);
      await shares.remove(share.id);
      expect(await shares.get(share.id)).toBeNull();
      expect(await shares.ofOwner(share.owner, 10)).toEqual([]);
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
