import { formatBytes } from '@spillway/core/amounts.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useState } from 'preact/hooks';
import { visitorNotes } from '../batches/visitor-words.ts';
import { Icon } from '../components/Icon.tsx';
import { ResultNotes } from '../components/ResultNotes.tsx';
import { resultUrl } from '../jobs/job-actions.ts';
import { resultLook } from '../jobs/result-look.ts';
import { downloadAsText } from '../jobs/text-download.ts';
import { resultNoun } from '../jobs/words.ts';
import { ResultWords } from './ResultWords.tsx';

/** What a result is, the model that made it, and its file. */
export function AboutResult({ job, name }: { job: JobView; name: string }) {
  const isWords = resultLook(job).kind === 'words';
  return (
    <>
      {isWords && <ResultWords job={job} name={name} />}
      <p class="wb-facts">{factsOf(job, isWords).join(' · ')}</p>
      <ResultNotes notes={visitorNotes(job.result?.notes ?? [])} />
      <Download job={job} name={name} asText={isWords} />
    </>
  );
}

function factsOf({ result }: JobView, isWords: boolean): string[] {
  if (!result) return [];
  const { width, height, size, model } = result;
  const dimensions = width > 0 && !isWords ? [`${width} × ${height}`] : [];
  // What a small model means is said once, above the batch.
  const madeBy = model ? [model.builtIn ? 'small built-in model' : `model ${model.name}`] : [];
  return [...dimensions, formatBytes(size), ...madeBy];
}

/** A picture comes as its file. Words come as text, because that is what a person can read. */
function Download({ job, name, asText }: { job: JobView; name: string; asText: boolean }) {
  const [problem, setProblem] = useState<string | null>(null);
  const subject = `the ${resultNoun(job.operation)} of ${name}`;
  if (!asText) {
    return (
      <a class="button" href={`${resultUrl(job.id)}?download`} download>
        <Icon name="download" />
        Download<span class="visually-hidden"> {subject}</span>
      </a>
    );
  }
  const save = async () => {
    const reply = await downloadAsText(job, name);
    setProblem(reply.ok ? null : reply.failure.message);
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void save()}>
        <Icon name="download" />
        Download text<span class="visually-hidden"> {subject}</span>
      </button>
      {problem && (
        <p class="wb-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
