import type { MetricsDocument, MetricsDocuments } from '../ports/rollups.ts';

/** `metrics/` in this process's memory. */
export function createMemoryMetricsDocuments(): MetricsDocuments {
  const documents = new Map<string, { document: MetricsDocument; version: number }>();
  let version = 0;
  return {
    create(document) {
      if (!documents.has(document.id)) documents.set(document.id, { document, version: ++version });
    },
    between(first, end, limit) {
      return [...documents.values()]
        .filter(({ document: { id } }) => id >= first && id < end)
        .sort((a, b) => (a.document.id < b.document.id ? -1 : 1))
        .slice(0, limit);
    },
    get(ids) {
      return ids.flatMap((id) => documents.get(id) ?? []);
    },
    replace(changes, removed) {
      const isUnchanged = changes.every(
        ({ before, next }) => documents.get(next.id)?.version === before?.version,
      );
      if (!isUnchanged) return false;
      for (const { next } of changes) documents.set(next.id, { document: next, version: ++version });
      for (const id of removed) documents.delete(id);
      return true;
    },
  };
}
