import { type ReadonlySignal, signal } from '@preact/signals';
import type { Range } from '@spillway/core/rollups/levels.ts';
import {
  type AlertLogView,
  alertLogSchema,
  choicesSchema,
  type MetricsChoices,
  type MetricsView,
  metricsSchema,
} from '@spillway/web/api/metrics-schema.ts';
import { requestJson } from '../http/request.ts';
import { apiQueryOf, firstView, type OverviewView, queryOf, viewIn } from './overview-address.ts';

/** From one reading to the next, so that a long range, which changes slowly, costs few reads. Milliseconds. */
const refreshMs: Record<Range, number> = {
  '15m': 10_000,
  '3h': 30_000,
  '24h': 60_000,
  '7d': 120_000,
  '30d': 300_000,
};

export interface OverviewState {
  readonly view: ReadonlySignal<OverviewView>;
  /** Null until the first answer. That of an earlier view stays until the new one is there. */
  readonly metrics: ReadonlySignal<MetricsView | null>;
  readonly alerts: ReadonlySignal<AlertLogView | null>;
  readonly choices: ReadonlySignal<MetricsChoices | null>;
  /** What is wrong with the address, of which nothing is shown; null where nothing is. */
  readonly wrongAddress: ReadonlySignal<string | null>;
  /** Why nothing newer is shown; null while all is well. */
  readonly problem: ReadonlySignal<string | null>;
  readonly isReading: ReadonlySignal<boolean>;
  /** Shows another view, under an address of its own. */
  show(change: Partial<OverviewView>): void;
  /** @returns A function that ends it. */
  start(): () => void;
}

/** What the overview shows of the past, read again now and then while the page is seen. */
export function createOverviewState(): OverviewState {
  const view = signal<OverviewView>(firstView);
  const metrics = signal<MetricsView | null>(null);
  const alerts = signal<AlertLogView | null>(null);
  const choices = signal<MetricsChoices | null>(null);
  const wrongAddress = signal<string | null>(null);
  const problem = signal<string | null>(null);
  const isReading = signal(false);
  let asked = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function read(): Promise<void> {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    clearTimeout(timer);
    isReading.value = true;
    try {
      const { range, until } = view.peek();
      const [figures, log] = await Promise.all([
        requestJson(`/admin/metrics?${apiQueryOf(view.peek())}`, metricsSchema, { signal }),
        requestJson(`/admin/alerts?${apiQueryOf({ ...firstView, range, until })}`, alertLogSchema, {
          signal,
        }),
      ]);
      if (figures.ok) metrics.value = figures.value;
      if (log.ok) alerts.value = log.value;
      problem.value = figures.ok ? null : figures.failure.message;
    } catch (error) {
      // A newer reading has taken the place of this one.
      if (signal.aborted) return;
      throw error;
    }
    isReading.value = false;
    timer = setTimeout(() => void readWhenSeen(), refreshMs[view.peek().range]);
  }

  /** A page that nobody looks at reads nothing. */
  function readWhenSeen(): void {
    if (document.visibilityState === 'visible') void read();
  }

  async function readChoices(): Promise<void> {
    const { until } = view.peek();
    const query = until === null ? '' : `?until=${encodeURIComponent(until.toISOString())}`;
    const reply = await requestJson(`/admin/metrics/choices${query}`, choicesSchema);
    if (reply.ok) choices.value = reply.value;
  }

  function readAddress(): void {
    const address = viewIn(location.search);
    wrongAddress.value = address.kind === 'wrong' ? address.sentence : null;
    if (address.kind === 'wrong') return;
    view.value = address.view;
    void read();
    void readChoices();
  }

  return {
    view,
    metrics,
    alerts,
    choices,
    wrongAddress,
    problem,
    isReading,
    show(change) {
      wrongAddress.value = null;
      view.value = { ...view.peek(), ...change };
      history.pushState(null, '', `${location.pathname}${queryOf(view.peek())}`);
      void read();
    },
    start() {
      readAddress();
      window.addEventListener('popstate', readAddress);
      document.addEventListener('visibilitychange', readWhenSeen);
      return () => {
        window.removeEventListener('popstate', readAddress);
        document.removeEventListener('visibilitychange', readWhenSeen);
        clearTimeout(timer);
        asked.abort();
      };
    },
  };
}
