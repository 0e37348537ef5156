import { type ReadonlySignal, signal } from '@preact/signals';
import type { MassActionKind } from '@spillway/core/mass-action.ts';
import {
  type MassActionStand,
  massActionStandSchema,
  massPreviewSchema,
} from '@spillway/web/api/admin-schema.ts';
import { type Reply, requestJson } from '../http/request.ts';

type Action = NonNullable<MassActionStand['action']>;
type Which = { kind: 'matching'; query: Record<string, string> } | { kind: 'named'; ids: string[] };

/** What an admin is asked before anything is done. */
export interface PreparedAction {
  kind: MassActionKind;
  which: Which;
  /** Null while they are counted. */
  jobs: number | null;
  exact: boolean;
  problem: string | null;
}

/** What is done to many jobs at once. */
export interface MassActions {
  /** Null where nobody is asked anything. */
  readonly prepared: ReadonlySignal<PreparedAction | null>;
  /** The action that is under way, or was the last that this page has seen. */
  readonly action: ReadonlySignal<Action | null>;
  /** Who goes on with it. */
  readonly goesOn: ReadonlySignal<'here' | 'elsewhere' | 'nobody'>;
  /** When this page saw an action end: what it shows may have changed. */
  readonly endedAt: ReadonlySignal<number>;
  /** Counts the jobs, and asks. */
  prepare(kind: MassActionKind, jobs: Record<string, string> | readonly string[]): Promise<void>;
  dismiss(): void;
  /** Does what was prepared. */
  begin(): Promise<void>;
  /** Goes on with an action that nobody goes on with. */
  goOn(): void;
  stop(): Promise<void>;
  /** Forgets an action that has ended. */
  close(): void;
  /** @returns A function that ends it. */
  start(): () => void;
}

/** Another page goes on with an action that changed so lately. Milliseconds. */
const aliveMs = 20_000;
const lookEveryMs = 5_000;

export function createMassActions(): MassActions {
  const prepared = signal<PreparedAction | null>(null);
  const action = signal<Action | null>(null);
  const goesOn = signal<'here' | 'elsewhere' | 'nobody'>('nobody');
  const endedAt = signal(0);
  const tab = crypto.randomUUID();
  let isHere = false;

  const ask = (path: string, body: object) =>
    requestJson(`/admin/mass-action${path}`, massActionStandSchema, { method: 'POST', body });

  function show(reply: Reply<MassActionStand>): void {
    if (!reply.ok) return;
    const { action: next } = reply.value;
    if (next === null) return;
    const before = action.peek();
    // What ended before this page was opened is nothing that it has to tell.
    if (next.state !== 'running' && before?.id !== next.id) return;
    action.value = next;
    if (next.state !== 'running') {
      isHere = false;
      if (before?.state === 'running') endedAt.value = Date.now();
    }
    const isAlive = Date.now() - next.changedAt.getTime() < aliveMs;
    goesOn.value = isHere ? 'here' : reply.value.elsewhere || isAlive ? 'elsewhere' : 'nobody';
  }

  async function goOn(): Promise<void> {
    isHere = true;
    for (;;) {
      const current = action.peek();
      if (current?.state !== 'running' || !isHere) return;
      const reply = await ask('/step', { id: current.id, tab });
      if (!reply.ok || reply.value.elsewhere) {
        isHere = false;
        if (!reply.ok) goesOn.value = 'nobody';
      }
      show(reply);
    }
  }

  async function look(): Promise<void> {
    if (isHere || document.visibilityState !== 'visible') return;
    show(await requestJson('/admin/mass-action', massActionStandSchema));
  }

  return {
    prepared,
    action,
    goesOn,
    endedAt,
    async prepare(kind, jobs) {
      const which: Which = isList(jobs)
        ? { kind: 'named', ids: [...jobs] }
        : { kind: 'matching', query: jobs };
      const wanted: PreparedAction = { kind, which, jobs: null, exact: true, problem: null };
      prepared.value = wanted;
      const reply = await requestJson('/admin/mass-action/preview', massPreviewSchema, {
        method: 'POST',
        body: { kind, which: sent(which) },
      });
      if (prepared.peek() !== wanted) return;
      prepared.value = reply.ok
        ? { ...wanted, ...reply.value }
        : { ...wanted, problem: reply.failure.message };
    },
    dismiss() {
      prepared.value = null;
    },
    async begin() {
      const wanted = prepared.peek();
      if (!wanted) return;
      const reply = await ask('', { kind: wanted.kind, which: sent(wanted.which) });
      if (!reply.ok) {
        prepared.value = { ...wanted, problem: reply.failure.message };
        return;
      }
      prepared.value = null;
      isHere = true;
      show(reply);
      await goOn();
    },
    goOn: () => void goOn(),
    async stop() {
      const current = action.peek();
      if (current) show(await ask('/stop', { id: current.id, tab }));
    },
    close() {
      action.value = null;
    },
    start() {
      void look();
      const timer = setInterval(() => void look(), lookEveryMs);
      return () => {
        isHere = false;
        clearInterval(timer);
      };
    },
  };
}

/** Numbers of an address are text, and numbers in a body. */
function sent(which: Which): object {
  if (which.kind === 'named') return which;
  const { atLeast, below, ...query } = which.query;
  return {
    kind: 'matching',
    query: {
      ...query,
      ...(atLeast === undefined ? {} : { atLeast: Number(atLeast) }),
      ...(below === undefined ? {} : { below: Number(below) }),
    },
  };
}

function isList(jobs: Record<string, string> | readonly string[]): jobs is readonly string[] {
  return Array.isArray(jobs);
}
