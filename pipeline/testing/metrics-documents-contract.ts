import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Ports } from '../ports/ports.ts';
import type { MetricsDocument } from '../ports/rollups.ts';

/** What every set of adapters must do with `metrics/`. */
export function metricsDocumentsContract(name: string, ports: () => Pick<Ports, 'metricsDocuments'>): void {
  describe(`documents of metrics: ${name}`, () => {
    const documents = () => ports().metricsDocuments;
    /** A document whose id nobody else has. */
    const made = (id: string, content = '{}'): MetricsDocument => ({
      id: `${prefix}.${id}`,
      content,
      expiresAt: new Date(Date.now() + 60_000),
    });
    const prefix = `contract-${randomUUID()}`;
    const ids = (read: readonly { document: MetricsDocument }[]) =>
      read.map(({ document }) => document.id.slice(prefix.length + 1));

    it('are read by their ids, in their order, from the first and before the end', async () => {
      for (const id of ['2026-01-02', '2026-01-01', '2026-01-10', '2026-01-11']) {
        await documents().create(made(id, `"${id}"`));
      }
      const between = (first: string, end: string, limit: number) =>
        documents().between(`${prefix}.${first}`, `${prefix}.${end}`, limit);
      expect(ids(await between('2026-01-01', '2026-01-11', 10))).toEqual([
        '2026-01-01',
        '2026-01-02',
        '2026-01-10',
      ]);
      expect(ids(await between('2026', '2027', 2))).toEqual(['2026-01-01', '2026-01-02']);
      const some = await documents().get([`${prefix}.2026-01-10`, `${prefix}.none`, `${prefix}.2026-01-02`]);
      expect(ids(some).sort()).toEqual(['2026-01-02', '2026-01-10']);
      expect(await documents().get([])).toEqual([]);
    });

    it('are kept as they were written first', async () => {
      const first = made('kept', '{"a":1}');
      await documents().create(first);
      await documents().create({ ...first, content: '{"a":2}' });
      expect((await documents().get([first.id])).map(({ document }) => document)).toEqual([first]);
      const lasting = { ...made('lasting'), expiresAt: null };
      await documents().create(lasting);
      expect((await documents().get([lasting.id]))[0]?.document).toEqual(lasting);
    });

    it('are replaced and removed together, or not at all where one has changed', async () => {
      const [one, other, gone] = [made('one'), made('other'), made('gone')];
      await documents().create(one);
      await documents().create(gone);
      const [before] = await documents().get([one.id]);
      if (!before) throw new Error('It is not there.');
      const next = { ...one, content: '{"next":true}' };
      expect(
        await documents().replace(
          [
            { before, next },
            { before: null, next: other },
          ],
          [gone.id],
        ),
      ).toBe(true);
      expect(ids(await documents().get([one.id, other.id, gone.id])).sort()).toEqual(['one', 'other']);
      // It was read before it was replaced.
      const late = { before, next: { ...one, content: '{"late":true}' } };
      expect(await documents().replace([late], [other.id])).toBe(false);
      expect(await documents().replace([{ before: null, next: one }], [other.id])).toBe(false);
      const left = await documents().get([one.id, other.id]);
      expect(left.map(({ document }) => document.content).sort()).toEqual(['{"next":true}', '{}']);
    });

    it('are written by one of those who have read the same', async () => {
      const shared = made('shared');
      await documents().create(shared);
      const [before] = await documents().get([shared.id]);
      if (!before) throw new Error('It is not there.');
      const written = await Promise.all(
        [1, 2, 3].map((each) =>
          documents().replace([{ before, next: { ...shared, content: `${each}` } }], []),
        ),
      );
      expect(written.filter((each) => each)).toHaveLength(1);
    });

    it('hold the largest content that the rollups write', async () => {
      const large = made('large', `"${'ä'.repeat(449_000)}"`);
      await documents().create(large);
      expect((await documents().get([large.id]))[0]?.document).toEqual(large);
    });
  });
}
