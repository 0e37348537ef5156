import { useRef, useState } from 'preact/hooks';
import type { FollowedJobs } from '../jobs/followed-jobs.ts';
import type { GalleryEntry } from '../jobs/gallery.ts';
import type { UploadList } from '../uploads/upload-list.ts';
import { ConnectionNote } from './ConnectionNote.tsx';
import { DownloadAll } from './DownloadAll.tsx';
import { ResultCard } from './ResultCard.tsx';

interface GalleryProps {
  entries: GalleryEntry[];
  own: FollowedJobs;
  list: UploadList;
}

const pageOfCards = 24;

/** Everything the visitor has sent, newest first. */
export function Gallery({ entries, own, list }: GalleryProps) {
  const [most, setMost] = useState(pageOfCards);
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = entries.slice(0, most);
  const done = shown.flatMap(({ job }) => (job?.state === 'succeeded' ? [job] : []));
  const hasMore = entries.length > most || own.cursor.value !== null;

  const showMore = async () => {
    if (entries.length < most + pageOfCards) await own.loadEarlier();
    setMost(most + pageOfCards);
  };
  const forget = (entry: GalleryEntry) => {
    own.cache.apply(entry.runs.map((run) => ({ kind: 'removed', id: run.id })));
    const siblings = entries.some((other) => other !== entry && other.upload === entry.upload && other.job);
    if (entry.upload && !siblings) list.remove(entry.upload);
    // The pressed button is removed with its card, so keyboard focus moves to the heading.
    heading.current?.focus();
  };

  return (
    <section class="results" aria-labelledby="results-title">
      <header class="results-head">
        <h2 id="results-title" tabIndex={-1} ref={heading}>
          Results
        </h2>
        <ConnectionNote state={own.stream} />
        <DownloadAll jobs={done} />
      </header>
      {own.problem.value && (
        <p class="notice" role="alert">
          {own.problem.value}
        </p>
      )}
      {entries.length === 0 && (
        <p class="results-empty">
          {own.loaded.value
            ? 'Nothing here yet. What you send appears here by itself and stays when you come back.'
            : 'Looking for earlier results …'}
        </p>
      )}
      <ul class="cards">
        {shown.map((entry) => (
          <li key={entry.key}>
            <ResultCard
              entry={entry}
              onRetryUpload={() => entry.upload && list.retry(entry.upload)}
              onGone={() => forget(entry)}
            />
          </li>
        ))}
      </ul>
      {hasMore && (
        <button type="button" class="button more" onClick={() => void showMore()}>
          Show earlier results
        </button>
      )}
    </section>
  );
}
