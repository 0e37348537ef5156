import { useState } from 'preact/hooks';
import type { Reply } from '../http/request.ts';

export interface Deed {
  /** Whether one is under way. */
  busy: boolean;
  /** Why the last one could not be done; null where it was done, or is under way. */
  problem: string | null;
  /** Does it, and tells whether it was done. */
  act(deed: () => Promise<Reply<null>>): Promise<boolean>;
}

/** What a press of a button asks of the server. */
export function useDeed(): Deed {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  return {
    busy,
    problem,
    async act(deed) {
      setBusy(true);
      setProblem(null);
      const reply = await deed();
      setBusy(false);
      if (!reply.ok) setProblem(reply.failure.message);
      return reply.ok;
    },
  };
}
