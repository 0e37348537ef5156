import type { ReadonlySignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Batch } from '../batches/batch.ts';
import type { BatchDeeds } from '../batches/batch-deeds.ts';
import { usePart } from '../components/use-part.ts';
import type { FollowedJobs } from '../jobs/followed-jobs.ts';
import { lookForUpload } from '../jobs/own-jobs.ts';
import type { Selection } from '../options/selection.ts';
import { findPicture } from './neighbours.ts';
import { closePicture, followAddress, openedPicture, stepTo } from './open-picture.ts';
import type { WorkbenchProps } from './Workbench.tsx';

interface WorkbenchDoorProps {
  batches: ReadonlySignal<readonly Batch[]>;
  own: FollowedJobs;
  selection: Selection;
  deeds: BatchDeeds;
}

/** Opens the workbench for the picture that the address names. Its code is loaded when it is first needed. */
export function WorkbenchDoor({ batches, own, selection, deeds }: WorkbenchDoorProps) {
  const workbench = usePart<WorkbenchProps>(async () => (await import('./Workbench.tsx')).Workbench);
  const opened = openedPicture.value;
  const found = opened && findPicture(batches.value, opened.picture);
  const isListed = own.loaded.value;

  useEffect(followAddress, []);
  useEffect(() => {
    if (opened !== null) workbench.load();
  }, [opened !== null]);
  useEffect(() => {
    if (opened && !found && isListed) void lookForOlder(own, batches, opened.picture);
  }, [opened?.picture, found === null, isListed]);

  useEffect(() => {
    const id = found?.picture.id ?? null;
    // It was opened before the server knew it; a reload finds it by the server's id alone.
    if (opened && id !== null && id !== opened.picture) stepTo(id, opened.result);
  }, [opened?.picture, found?.picture.id]);

  if (!opened) return null;
  if (workbench.failed) {
    return (
      <p class="notice" role="alert">
        The picture could not be opened: a part of this page was not loaded. Is there a connection?
      </p>
    );
  }
  if (!found || !workbench.Component) return null;
  return (
    <workbench.Component
      batch={found.batch}
      picture={found.picture}
      result={found.picture.results.find(({ id }) => id === opened.result) ?? null}
      selection={selection}
      deeds={deeds}
      onStep={(picture, result) => stepTo(picture.id ?? picture.key, result?.id ?? null)}
      onStarted={(jobs) => {
        own.cache.apply(jobs.map((job) => ({ kind: 'job', job })));
        own.resume();
      }}
      onClose={closePicture}
    />
  );
}

/** A picture that is not among the newest. What is not there at all is not opened. */
async function lookForOlder(
  own: FollowedJobs,
  batches: ReadonlySignal<readonly Batch[]>,
  name: string,
): Promise<void> {
  await lookForUpload(own, name);
  if (openedPicture.peek()?.picture === name && !findPicture(batches.peek(), name)) closePicture();
}
