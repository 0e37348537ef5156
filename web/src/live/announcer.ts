import { type ReadonlySignal, signal } from '@preact/signals';

const gatherMs = 900;
const mostSentences = 3;

export interface Announcer {
  /** What a polite live region shows. */
  readonly text: ReadonlySignal<string>;
  /** `topic` names sentences that can be summed up, as in '12 results are done'. */
  say(topic: string, sentence: string): void;
}

interface Said {
  topic: string;
  sentence: string;
}

/**
 * Announcements for screen readers. News of one moment is announced together, and a burst is summed up by topic, so
 * that fifty pictures do not make fifty announcements.
 */
export function createAnnouncer(summarise: (topic: string, count: number) => string): Announcer {
  const text = signal('');
  let waiting: Said[] = [];
  return {
    text,
    say(topic, sentence) {
      waiting.push({ topic, sentence });
      if (waiting.length > 1) return;
      setTimeout(() => {
        text.value = condense(waiting, summarise);
        waiting = [];
      }, gatherMs);
    },
  };
}

function condense(sentences: Said[], summarise: (topic: string, count: number) => string): string {
  if (sentences.length <= mostSentences) return sentences.map(({ sentence }) => sentence).join(' ');
  const groups = Map.groupBy(sentences, ({ topic }) => topic);
  // A single event among many is announced in full: it may be the one that went wrong.
  const said = ([topic, [first, ...others]]: [string, Said[]]) =>
    first && others.length === 0 ? first.sentence : summarise(topic, others.length + 1);
  return [...groups].map(said).join(' ');
}
