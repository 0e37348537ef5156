import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { now } from '../live/now.ts';
import type { Batch } from './batch.ts';
import { progressOf } from './batch-progress.ts';
import { progressWords } from './batch-words.ts';
import { hasEnded } from './result-stage.ts';
import { timeLeft } from './time-left.ts';

interface DropNoteProps {
  batches: ReadonlySignal<readonly Batch[]>;
  /** Why files cannot be taken. */
  problem: string | null;
}

/** Beside the drop zone: what is wrong, or how far everything is that runs. It stays in view with its bar. */
export function DropNote({ batches, problem }: DropNoteProps) {
  const note = useRef<HTMLDivElement>(null);
  // Below a tall form it may be outside the window, and nothing else says that nothing was sent.
  useEffect(() => {
    if (problem !== null) note.current?.scrollIntoView({ block: 'nearest' });
  }, [problem]);
  const running = batches.value.filter(isRunning);
  return (
    <div class="drop-note" ref={note}>
      <p class="drop-problem" role="alert">
        {problem}
      </p>
      {problem === null && running.length > 0 && (
        <p>{progressWords(progressOf(running), timeLeft(running, now.value))}</p>
      )}
    </div>
  );
}

function isRunning({ pictures }: Batch): boolean {
  return pictures.some(({ results }) => results.some(({ stage }) => !hasEnded(stage)));
}
