import { useEffect, useRef } from 'preact/hooks';
import type { GalleryEntry } from '../jobs/gallery.ts';
import { stageOf } from '../jobs/gallery.ts';

interface DropNoteProps {
  entries: GalleryEntry[];
  /** Why files cannot be taken. */
  problem: string | null;
}

/** One line below the drop zone: what is wrong, or how far this visit's files are. Its place is always kept. */
export function DropNote({ entries, problem }: DropNoteProps) {
  const note = useRef<HTMLDivElement>(null);
  // Below a tall form it may be outside the window, and nothing else says that nothing was sent.
  useEffect(() => {
    if (problem !== null) note.current?.scrollIntoView({ block: 'nearest' });
  }, [problem]);
  const counts = new Map<string, number>();
  for (const entry of entries) {
    if (!entry.upload) continue;
    const word = wordFor(entry);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return (
    <div class="drop-note" ref={note}>
      <p class="drop-problem" role="alert">
        {problem}
      </p>
      {problem === null && counts.size > 0 && (
        <p>
          {['uploading', 'waiting', 'working', 'done', 'failed']
            .filter((word) => counts.has(word))
            .map((word) => `${counts.get(word)} ${word}`)
            .join(' · ')}{' '}
          <a href="#results-title">See results</a>
        </p>
      )}
    </div>
  );
}

function wordFor(entry: GalleryEntry): string {
  const stage = stageOf(entry);
  switch (stage.kind) {
    case 'uploading':
    case 'waiting':
      return stage.kind;
    case 'processing':
      return 'working';
    case 'done':
      return 'done';
    case 'upload-failed':
    case 'ended':
      return 'failed';
    default:
      return stage satisfies never;
  }
}
