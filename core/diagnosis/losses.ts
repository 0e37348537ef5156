import { countOf } from '../amounts.ts';
import type { Job } from '../job.ts';
import { alertsOf } from '../routing/alerts.ts';
import { fine, listed, note, type Sentence, wrong } from './sentence.ts';
import type { Engine, SystemReading } from './system-reading.ts';

/** Is it lost: is there something that nobody takes up, or an upload that never became a job? */
export function lossesOf(reading: SystemReading): Sentence[] {
  const sentences = [
    ...leftBehind(reading),
    ...uploadSentences(reading),
    ...searchSentences(reading),
    ...deadLetterSentences(reading),
    ...passedOverSentences(reading),
  ];
  return sentences.some(({ weight }) => weight === 'wrong')
    ? sentences
    : [fine('nothing_lost', 'Every job is where somebody takes it up.'), ...sentences];
}

/** Jobs that a sweep takes up. They are here only after it has had time for that. */
function leftBehind({ jobs }: SystemReading): Sentence[] {
  const sweep = 'The sweep takes them up. If it runs (see above) and they stay, its log says why.';
  const about = (code: string, left: readonly Job[], one: string, several: string): Sentence[] =>
    left.length === 0
      ? []
      : [wrong(code, `${countOf(left.length, one, several)}: ${listed(left.map(({ id }) => id))}.`, sweep)];
  return [
    ...about(
      'undecided',
      jobs.undecided,
      'job has waited for minutes for the sweep to decide where it goes',
      'jobs have waited for minutes for the sweep to decide where they go',
    ),
    ...about(
      'unpublished',
      jobs.unpublished,
      'job was recorded and not published',
      'jobs were recorded and not published',
    ),
    ...about(
      'unclaimed',
      jobs.unclaimed,
      'job was published long ago and is not claimed',
      'jobs were published long ago and are not claimed',
    ),
    ...about(
      'abandoned',
      jobs.abandoned,
      'job is claimed by a worker that is gone',
      'jobs are claimed by workers that are gone',
    ),
    ...about(
      'unannounced',
      jobs.unannounced,
      'job has ended, and its event is not published',
      'jobs have ended, and their events are not published',
    ),
  ];
}

/** What makes jobs of uploads that were lost. */
const searchFor: Record<Engine, string> = {
  google:
    'Call the function find-lost, which makes their jobs: gcloud scheduler jobs run spillway-find-lost --location=REGION. If more come, look at the log of the function route and at its Eventarc trigger.',
  embedded:
    'Start Spillway again: it looks for such uploads when it starts, and once an hour. If more come, look at the log of the router.',
};

const readDeadLetters: Record<Engine, string> = {
  google:
    'Read them: gcloud pubsub subscriptions pull jobs-dead-pull --limit=10. Mend the cause, then acknowledge them with --auto-ack',
  embedded: 'Read them: npx spillway dead-letters. Mend the cause, then forget them with --forget',
};

function uploadSentences({ uploads, engine }: SystemReading): Sentence[] {
  if (uploads.kind === 'not_read') return [];
  const { lost, looked, complete, hours } = uploads.value;
  const within = `of the last ${countOf(hours, 'hour')}`;
  if (lost.length > 0) {
    return [
      wrong(
        'uploads_without_job',
        `${countOf(lost.length, 'upload')} ${within} never became a job: ${listed(lost)}.`,
        searchFor[engine],
      ),
    ];
  }
  const all = complete
    ? `All ${looked} uploads ${within}`
    : `The ${looked} uploads ${within} that were looked at`;
  return looked === 0 ? [] : [fine('uploads_have_jobs', `${all} have their jobs.`)];
}

/** It begins every hour, and takes some minutes where there are millions of objects. */
const searchedWithinMs = 3 * 3_600_000;

function searchSentences({ searchedAt, now, engine }: SystemReading): Sentence[] {
  if (searchedAt === null) {
    return [
      note('never_searched', 'No search for lost uploads has come to its end yet. One begins every hour.'),
    ];
  }
  const ageMs = now.getTime() - searchedAt.getTime();
  if (ageMs <= searchedWithinMs) return [];
  return [
    wrong(
      'search_overdue',
      `The last search for lost uploads that came to its end began ${countOf(Math.floor(ageMs / 3_600_000), 'hour')} ago.`,
      callSearch[engine],
    ),
  ];
}

const callSearch: Record<Engine, string> = {
  google:
    'Look whether Cloud Scheduler calls it, and at the log of the function find-lost: gcloud scheduler jobs describe spillway-find-lost --location=REGION',
  embedded: 'Look at the log of the router, which says why it was cut off.',
};

function deadLetterSentences({ deadLetters, engine }: SystemReading): Sentence[] {
  if (deadLetters.kind === 'not_read' || deadLetters.value.length === 0) return [];
  const reasons = [...new Set(deadLetters.value.map(({ problem }) => problem))];
  return [
    wrong(
      'dead_letters',
      `At least ${countOf(deadLetters.value.length, 'message was', 'messages were')} put aside in jobs-dead: ${listed(reasons)}`,
      `${readDeadLetters[engine]}; the search for lost uploads brings their objects back.`,
    ),
  ];
}

function passedOverSentences(reading: SystemReading): Sentence[] {
  return alertsOf(reading)
    .filter(({ code }) => code === 'passed_over')
    .map(({ message }) =>
      wrong(
        'passed_over',
        message,
        'Mend what the sentence names. The note goes away once it is not met again.',
      ),
    );
}

/** What was not looked at, as notes. */
export function notLookedAt({ setup, uploads, deadLetters }: SystemReading): Sentence[] {
  const parts = { uploads, 'dead letters': deadLetters };
  return [
    ...setup.notLookedAt.map((why) => note('not_looked_at', why)),
    ...Object.entries(parts).flatMap(([name, part]) =>
      part.kind === 'read' ? [] : [note('not_looked_at', `Not looked at: ${name}. ${part.why}`)],
    ),
    ...uploadsLeftOut(uploads),
  ];
}

/** A search that ended early says nothing of the uploads that it did not come to. */
function uploadsLeftOut(uploads: SystemReading['uploads']): Sentence[] {
  if (uploads.kind === 'not_read' || uploads.value.complete) return [];
  const { looked, hours } = uploads.value;
  const what = `Not looked at: some uploads of the last ${countOf(hours, 'hour')}. The search for uploads without a job ended early, after ${countOf(looked, 'upload')}.`;
  return [note('not_looked_at', what)];
}
