import '../http/no-eval.ts';
import { computed, effect, useSignal } from '@preact/signals';
import { countOf } from '@spillway/core/amounts.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useEffect, useMemo } from 'preact/hooks';
import { BatchList } from '../batches/BatchList.tsx';
import { createBatchDeeds } from '../batches/batch-deeds.ts';
import { createCompleteBatches } from '../batches/complete-batches.ts';
import { DropNote } from '../batches/DropNote.tsx';
import { DropZone } from '../batches/DropZone.tsx';
import { createBatchGrouper } from '../batches/group-pictures.ts';
import { createShownResults } from '../batches/shown-results.ts';
import { rememberResults } from '../batches/visit.ts';
import { visitorFailure } from '../batches/visitor-words.ts';
import { LeftOutNote } from '../components/LeftOutNote.tsx';
import { OperationPicker } from '../components/OperationPicker.tsx';
import { type Sample, SampleStrip } from '../components/SampleStrip.tsx';
import { displayName } from '../format/file-name.ts';
import type { FollowedJobs } from '../jobs/followed-jobs.ts';
import { followOwnJobs, lookForUpload } from '../jobs/own-jobs.ts';
import { resultOf } from '../jobs/words.ts';
import { rememberEnd } from '../kept/erasure.ts';
import { KeptNote } from '../kept/KeptNote.tsx';
import { createAnnouncer } from '../live/announcer.ts';
import { createDownloadNews } from '../live/download-news.ts';
import { startLearning } from '../operations/known-operations.ts';
import { createSelection } from '../options/selection.ts';
import { openBrowserKeeper } from '../uploads/browser-keeper.ts';
import { checkFiles } from '../uploads/check-files.ts';
import type { FileUpload } from '../uploads/file-upload.ts';
import { warnBeforeLoss } from '../uploads/leave-warning.ts';
import { leftOutSummary } from '../uploads/left-out-words.ts';
import { OfflineNote } from '../uploads/OfflineNote.tsx';
import type { LeftOut, PickedFiles } from '../uploads/picked-files.ts';
import { SendingNote } from '../uploads/SendingNote.tsx';
import { createUploadList, type UploadList } from '../uploads/upload-list.ts';
import { openPicture } from '../workbench/open-picture.ts';
import { WorkbenchDoor } from '../workbench/WorkbenchDoor.tsx';

/** The upload page: what to make, which files, and what came of them. */
export default function UploadPage({ samples }: { samples: Sample[] }) {
  const { announcer, own, selection, list, batches, complete, shownResults, deeds } = useMemo(
    createPageState,
    [],
  );
  const refused = useSignal(false);
  const leftOut = useSignal<readonly LeftOut[]>([]);

  useEffect(startLearning, []);
  useEffect(rememberEnd, []);
  useEffect(() => own.follow(), [own]);
  useEffect(() => watchForMissedJobs(list, own), [list, own]);
  useEffect(() => listenWhileWaiting(list, own), [list, own]);
  useEffect(() => warnBeforeLoss(list), [list]);
  useEffect(() => complete.follow(), [complete]);
  useEffect(() => rememberResults(batches, own.loaded), [batches, own]);

  const addPicked = async (picked: PickedFiles) => {
    leftOut.value = picked.leftOut;
    refused.value = picked.files.length > 0 && selection.obstacle.value !== null;
    if (refused.value) return;
    const plan = {
      operations: [...selection.chosen.value],
      options: selection.options.value,
      batchId: crypto.randomUUID(),
      files: picked.files.length,
    };
    scrollTo({ top: 0 });
    for await (const { good, leftOut: more } of checkFiles(picked.files)) {
      leftOut.value = [...leftOut.value, ...more];
      list.add(good, plan);
    }
    const summary = leftOutSummary(leftOut.value);
    if (summary) announcer.say('left out', summary);
    const added = list.uploads.peek().filter(({ plan: { batchId } }) => batchId === plan.batchId).length;
    if (added > 0) announcer.say('added', `${countOf(added, 'file')} added.`);
  };

  return (
    <>
      <OfflineNote list={list} />
      <div class="board">
        <div class="drop-area">
          <div class="drop-stay">
            <DropZone onPicked={(picked) => void addPicked(picked)} />
            <DropNote batches={batches} problem={refused.value ? selection.obstacle.value : null} />
            <SendingNote list={list} batches={batches} />
            <LeftOutNote leftOut={leftOut.value} onDismiss={() => (leftOut.value = [])} />
          </div>
        </div>
        <div class="choices">
          <OperationPicker selection={selection} />
          <SampleStrip samples={samples} onFile={(file) => void addPicked({ files: [file], leftOut: [] })} />
        </div>
      </div>
      <BatchList
        batches={batches}
        complete={complete}
        own={own}
        shownResults={shownResults}
        deeds={deeds}
        onOpen={(picture, result) => openPicture(picture.id ?? picture.key, result?.id ?? null)}
      />
      <KeptNote key={String(batches.value.length > 0)} list={list} />
      <WorkbenchDoor batches={batches} own={own} selection={selection} deeds={deeds} />
      <p class="visually-hidden" role="status" aria-live="polite">
        {announcer.text}
      </p>
    </>
  );
}

const downloadTopic = 'downloading';

function createPageState() {
  const announcer = createAnnouncer((topic, count) => {
    if (topic === 'done') return `${countOf(count, 'result')} done.`;
    return topic === downloadTopic ? 'Downloading models.' : `${countOf(count, 'file')} ${topic}.`;
  });
  const downloadNews = createDownloadNews();
  const own = followOwnJobs({
    ended: (job) => announcer.say(topicOf(job), sentenceFor(job)),
    downloading(progress) {
      const sentence = downloadNews(progress);
      if (sentence) announcer.say(downloadTopic, sentence);
    },
  });
  const list = createUploadList(openBrowserKeeper());
  const group = createBatchGrouper();
  const batches = computed(() =>
    group({
      uploads: list.uploads.value,
      jobs: own.cache.jobs.value.values(),
      knownCards: own.cache.knownCards,
    }),
  );
  return {
    announcer,
    own,
    selection: createSelection(),
    list,
    batches,
    complete: createCompleteBatches(batches, own),
    shownResults: createShownResults(),
    deeds: createBatchDeeds(own.cache, list),
  };
}

function topicOf(job: JobView): string {
  return job.state === 'succeeded' ? 'done' : job.state;
}

function sentenceFor(job: JobView): string {
  const subject = resultOf(job.operation, displayName(job.source.name));
  if (job.state === 'succeeded') return `${subject} is done.`;
  return job.error
    ? `${subject} failed. ${visitorFailure(job.error).summary}`
    : `${subject} was ${job.state}.`;
}

const lookEveryMs = 4_000;

/** Of a large drop the oldest come first: the server limits the questions of a minute. */
const mostLookedFor = 10;

/** Events tell of new jobs; this finds the ones whose event was lost on the way. */
function watchForMissedJobs(list: UploadList, own: FollowedJobs): () => void {
  const timer = setInterval(() => {
    const sent = list.uploads.peek().filter(({ phase }) => phase.peek().kind === 'sent');
    const missed = sent.filter((upload) => !hasBecomeJobs(upload, own)).slice(0, mostLookedFor);
    for (const { uploadId } of missed) void lookForUpload(own, uploadId.peek() ?? '');
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** The server ends the stream of a visitor who has no job; it is opened again when there is something to hear. */
function listenWhileWaiting(list: UploadList, own: FollowedJobs): () => void {
  const stop = effect(() => {
    if (own.stream.value === 'idle' && list.uploads.value.some((upload) => isAwaited(upload, own))) {
      own.resume();
    }
  });
  const resumeWhenSeen = () => {
    if (document.visibilityState === 'visible') own.resume();
  };
  document.addEventListener('visibilitychange', resumeWhenSeen);
  return () => {
    stop();
    document.removeEventListener('visibilitychange', resumeWhenSeen);
  };
}

function isAwaited(upload: FileUpload, own: FollowedJobs): boolean {
  switch (upload.phase.value.kind) {
    case 'waiting':
    case 'sending':
      return true;
    case 'sent':
      return !hasBecomeJobs(upload, own);
    default:
      return false;
  }
}

function hasBecomeJobs({ plan, uploadId }: FileUpload, own: FollowedJobs): boolean {
  return plan.operations.every((operation) => own.cache.knownCards.has(`${uploadId.peek()}:${operation}`));
}
