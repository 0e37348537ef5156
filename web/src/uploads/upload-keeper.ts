import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { FileUpload } from './file-upload.ts';
import type { KeptUpload, KeptUploads } from './kept-uploads.ts';
import type { Tab } from './tab.ts';

/** An upload of an earlier visit, or of a tab that has ended. */
export interface FoundUpload {
  record: KeptUpload;
  /** Null where the browser did not keep the file. */
  file: File | null;
}

/** Keeps uploads until they have arrived, so that a reload, a crash or a closed lid loses none. */
export interface UploadKeeper {
  /** Keys of the uploads whose files are kept. */
  readonly safe: ReadonlySignal<ReadonlySet<string>>;
  /** Keeps an upload of this tab from now on, until it has arrived or is given up. */
  keep(upload: FileUpload): void;
  /** Calls back with what other tabs have left behind, now and whenever one ends. */
  takeOver(onFound: (found: FoundUpload[]) => void): Promise<void>;
  forget(keys: readonly string[]): Promise<void>;
  /** Forgets everything, and has the other tabs give up their uploads. */
  clear(): Promise<void>;
  /** Calls back when another tab has done so. */
  onCleared(listener: () => void): void;
}

export interface KeeperOptions {
  store: KeptUploads;
  tab: Tab;
  /** Bytes of this site's storage, as the browser estimates them; null where it does not. */
  estimate(): Promise<{ used: number; most: number } | null>;
  now(): number;
}

/** Sessions end after a week: what is older starts over, and nobody waits for it. Milliseconds. */
const longestKeptMs = 6 * 24 * 3_600_000;
/** Bytes of files that are kept at the same time. A browser copies each, and people's disks are not for this. */
const mostKept = 2 * 2 ** 30;
/** The share of the browser's quota that may be full. Beyond it, browsers begin to throw away what sites have kept. */
const fullest = 0.7;

/** Keeps nothing, where the browser cannot tell tabs apart. */
export const noKeeper: UploadKeeper = {
  safe: signal(new Set()),
  keep() {},
  async takeOver() {},
  async forget() {},
  async clear() {},
  onCleared() {},
};

export function createUploadKeeper({ store, tab, estimate, now }: KeeperOptions): UploadKeeper {
  const safe = signal<ReadonlySet<string>>(new Set());
  /** Of the files that are kept. */
  const sizes = new Map<string, number>();
  const awaited = new Set<string>();
  const inTurn = createTurns();
  const filesInTurn = createTurns();

  /** A browser that refuses to keep something does not stop the upload. */
  async function forget(keys: readonly string[]): Promise<void> {
    for (const key of keys) sizes.delete(key);
    safe.value = new Set([...safe.peek()].filter((key) => !keys.includes(key)));
    await inTurn(() => store.remove(keys));
  }

  async function keepFile(upload: FileUpload): Promise<void> {
    const { key, file } = upload;
    if (!isUnderWay(upload) || sizes.has(key) || !(await hasRoom(file.size))) return;
    await store.putFile(key, file);
    // It may have arrived while it was written.
    if (!isUnderWay(upload)) return forget([key]);
    sizes.set(key, file.size);
    safe.value = new Set([...safe.peek(), key]);
  }

  async function hasRoom(size: number): Promise<boolean> {
    const all = [...sizes.values()].reduce((sum, each) => sum + each, size);
    if (all > mostKept) return false;
    const room = await estimate();
    return room === null || room.used + size < room.most * fullest;
  }

  function keep(upload: FileUpload): void {
    tab.announce();
    const isDone = computed(() => isOver(upload.phase.value.kind));
    effect(() => {
      const session = upload.session.value;
      if (isDone.value) void forget([upload.key]);
      else void inTurn(() => store.put(recordOf(upload, session, tab.id)));
    });
    effect(() => {
      if (!isDone.value) void filesInTurn(() => keepFile(upload));
    });
  }

  return {
    safe,
    keep,
    forget,
    async takeOver(onFound) {
      const adopt = async (from: string) => {
        awaited.delete(from);
        const left = (await store.all()).filter((record) => record.tab === from);
        const found: FoundUpload[] = [];
        for (const record of left) {
          if (now() - record.addedAt > longestKeptMs) await store.remove([record.key]);
          else {
            const taken = { ...record, tab: tab.id };
            await store.put(taken);
            const file = await store.file(record).catch(() => null);
            if (file) {
              sizes.set(record.key, file.size);
              safe.value = new Set([...safe.peek(), record.key]);
            }
            found.push({ record: taken, file });
          }
        }
        if (found.length > 0) {
          tab.announce();
          onFound(found);
        }
      };
      const waitFor = (other: string) => {
        if (other === tab.id || awaited.has(other)) return;
        awaited.add(other);
        tab.afterEndOf(other, () => adopt(other).catch(() => {}));
      };
      tab.onAnnounced(waitFor);
      const others = await store.all().catch(() => []);
      for (const record of others) waitFor(record.tab);
    },
    onCleared: (listener) => tab.onEnd(listener),
    async clear() {
      tab.announceEnd();
      sizes.clear();
      safe.value = new Set();
      await inTurn(() => store.clear());
    },
  };
}

/** Whether it is worth keeping: neither in, nor given up, nor refused. */
function isUnderWay({ phase }: FileUpload): boolean {
  return !isOver(phase.peek().kind);
}

function isOver(kind: FileUpload['phase']['value']['kind']): boolean {
  switch (kind) {
    case 'sent':
    case 'refused':
    case 'cancelled':
      return true;
    case 'waiting':
    case 'sending':
    case 'failed':
      return false;
    default:
      return kind satisfies never;
  }
}

function recordOf(upload: FileUpload, session: KeptUpload['session'], tab: string): KeptUpload {
  const { key, plan, addedAt, index, file } = upload;
  const { name, type, size, lastModified } = file;
  return { key, tab, plan: structuredClone(plan), addedAt, index, name, type, size, lastModified, session };
}

/** Runs one task after the other, and goes on after one that fails. */
function createTurns(): (task: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (task) => {
    last = last.then(task).catch(() => {});
    return last;
  };
}
