import type { JobView } from '@spillway/web/api/schema.ts';
import { displayName } from '../format/file-name.ts';
import { sourceUrl } from '../jobs/job-actions.ts';
import { type ResultWords, useWords } from '../jobs/result-words.ts';
import { resultNoun } from '../jobs/words.ts';
import { CopyButton } from './CopyButton.tsx';
import { SourcePicture } from './SourcePicture.tsx';

/** A result that is no picture, in full beside its picture, with the tables that its operation's manifest names. */
export function WordsView({ job, preview }: { job: JobView; preview: string | null }) {
  const name = displayName(job.source.name);
  const loaded = useWords(job);
  const noun = resultNoun(job.operation);
  return (
    <div class="caption-view">
      <div class="caption-picture">
        <SourcePicture source={preview ?? sourceUrl(job.id)} name={name} alt={name} />
      </div>
      <div class="caption-details">
        {loaded.kind === 'failed' && (
          <p>
            The {noun} could not be loaded: {loaded.message}
          </p>
        )}
        {loaded.kind === 'loading' && <p>Loading the {noun} …</p>}
        {loaded.kind === 'loaded' && (
          <>
            <Text words={loaded.words} />
            <CopyButton text={loaded.words.text} subject={`the ${noun} of ${name}`} />
            {loaded.words.tables
              .filter(({ rows }) => rows.length > 1)
              .map((table) => (
                <Table key={table.title} table={table} />
              ))}
          </>
        )}
      </div>
    </div>
  );
}

/** Characters. A longer text is set like a page, and not like a headline. */
const longestHeadline = 200;

function Text({ words: { text, isCode } }: { words: ResultWords }) {
  if (isCode) return <pre class="words-code">{text}</pre>;
  const isLong = text.length > longestHeadline || text.trim().includes('\n');
  return <blockquote class={isLong ? 'words-long' : 'caption-large'}>{text}</blockquote>;
}

function Table({ table: { title, columns, rows } }: { table: ResultWords['tables'][number] }) {
  return (
    <table class="beams">
      <caption>{title}</caption>
      <thead>
        <tr>
          {columns.map(({ key, label, hint, digits }) => (
            <th key={key} scope="col" class={digits === undefined ? '' : 'beam-score'} title={hint}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={index}>
            {columns.map(({ key, digits }) => (
              <td key={key} class={digits === undefined ? '' : 'beam-score'}>
                {cellText(row[key], digits)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function cellText(value: unknown, digits: number | undefined): string {
  if (typeof value === 'number' && digits !== undefined) return value.toFixed(digits).replace('-', '−');
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
