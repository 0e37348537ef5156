import type { JobView } from '@spillway/web/api/schema.ts';
import { CopyButton } from '../components/CopyButton.tsx';
import { useWords, type ResultWords as Words } from '../jobs/result-words.ts';
import { resultNoun } from '../jobs/words.ts';

/** A result that is no picture, in full, with the tables that its operation's manifest names. */
export function ResultWords({ job, name }: { job: JobView; name: string }) {
  const loaded = useWords(job);
  const noun = resultNoun(job.operation);
  switch (loaded.kind) {
    case 'loading':
      return <p>Loading the {noun} …</p>;
    case 'failed':
      return (
        <p>
          The {noun} could not be loaded: {loaded.message}
        </p>
      );
    case 'loaded':
      return (
        <>
          <Text words={loaded.words} />
          <CopyButton text={loaded.words.text} subject={`the ${noun} of ${name}`} />
          {loaded.words.tables
            .filter(({ rows }) => rows.length > 1)
            .map((table) => (
              <Table key={table.title} table={table} />
            ))}
        </>
      );
    default:
      return loaded satisfies never;
  }
}
/** Characters. A longer text is set like a page, and not like a headline. */
const longestHeadline = 200;

function Text({ words: { text, isCode } }: { words: Words }) {
  if (isCode) return <pre class="words-code">{text}</pre>;
  const isLong = text.length > longestHeadline || text.trim().includes('\n');
  return <blockquote class={isLong ? 'words-long' : 'caption-large'}>{text}</blockquote>;
}

function Table({ table: { title, columns, rows } }: { table: Words['tables'][number] }) {
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
