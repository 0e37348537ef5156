import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import type { StorageNotification } from './notification-event.ts';

const log = createJsonLog('storage');
const maxInFlight = 16;
const firstRetryMs = 100;
const lastRetryMs = 5_000;

interface Entry {
  notification: StorageNotification;
  published: () => Promise<void>;
  failures: number;
}

/**
 * Publishes notifications and retries each until it succeeds, several at a time and in no guaranteed order, as Cloud
 * Storage does. Every entry is also on disk: the caller removes it there when `published` is called, and adds it again
 * after a restart.
 */
export class Outbox {
  readonly #publish: (notification: StorageNotification) => Promise<void>;
  readonly #waiting: Entry[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #inFlight = new Set<Promise<void>>();
  #closed = false;

  constructor(publish: (notification: StorageNotification) => Promise<void>) {
    this.#publish = publish;
  }

  add(notification: StorageNotification, published: () => Promise<void>): void {
    this.#waiting.push({ notification, published, failures: 0 });
    this.#fill();
  }

  /** Stops publishing. Notifications in flight may finish, and the others stay on disk. */
  async close(patienceMs: number): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const patience = new Promise<void>((resolve) => setTimeout(resolve, patienceMs).unref());
    await Promise.race([Promise.all(this.#inFlight), patience]);
  }

  #fill(): void {
    while (!this.#closed && this.#inFlight.size < maxInFlight) {
      const entry = this.#waiting.shift();
      if (!entry) return;
      const attempt = this.#attempt(entry).finally(() => {
        this.#inFlight.delete(attempt);
        this.#fill();
      });
      this.#inFlight.add(attempt);
    }
  }

  async #attempt(entry: Entry): Promise<void> {
    try {
      await this.#publish(entry.notification);
      await entry.published();
    } catch (error) {
      if (entry.failures === 0) {
        const { topic } = entry.notification;
        log.warn({ topic, error }, 'A notification could not be published, and is retried.');
      }
      this.#retryLater(entry);
    }
  }

  #retryLater(entry: Entry): void {
    if (this.#closed) return;
    const delay = Math.min(firstRetryMs * 2 ** entry.failures, lastRetryMs);
    entry.failures += 1;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#waiting.push(entry);
      this.#fill();
    }, delay);
    this.#timers.add(timer);
  }
}
