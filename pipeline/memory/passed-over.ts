import type { PassedOver } from '@spillway/core/passed-over.ts';
import { idOf, metAgain } from '../passed-over-note.ts';
import type { PassedOverItems } from '../ports/passed-over.ts';
import type { Clock } from '../ports/ports.ts';

/** What was passed over, in this process's memory. */
export function createMemoryPassedOver(clock: Clock): PassedOverItems {
  const documents = new Map<string, PassedOver>();
  return {
    note(note) {
      const next = metAgain(documents.get(idOf(note)) ?? null, note, clock.now());
      if (next) documents.set(idOf(note), next);
    },
    recent(limit) {
      const now = clock.now();
      return [...documents.values()]
        .filter(({ expiresAt }) => expiresAt > now)
        .sort((a, b) => b.expiresAt.getTime() - a.expiresAt.getTime())
        .slice(0, limit);
    },
    removeExpired() {
      const now = clock.now();
      for (const [id, { expiresAt }] of documents) if (expiresAt < now) documents.delete(id);
    },
  };
}
