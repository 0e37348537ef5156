import { countOf } from '@spillway/core/amounts.ts';
import { Icon } from '../components/Icon.tsx';
import { resultNoun } from '../jobs/words.ts';
import type { Picture, PictureResult } from './batch.ts';
import type { FailedPicture, FailureGroup } from './failures.ts';

interface FailedResultsProps {
  groups: readonly FailureGroup[];
  onOpen(picture: Picture, result: PictureResult | null): void;
}

/** Names in one group; the others are counted. */
const mostNamed = 20;

/** What failed of a batch, grouped by the reason: one quiet line that opens. */
export function FailedResults({ groups, onOpen }: FailedResultsProps) {
  const pictures = new Set(groups.flatMap((group) => group.pictures.map(({ picture }) => picture))).size;
  return (
    <details class="batch-failures">
      <summary>
        <Icon name="more" />
        What failed of {countOf(pictures, 'picture')}, and why
      </summary>
      <ul>
        {groups.map((group) => (
          <li key={group.reason}>
            <p>{group.reason}</p>
            <ul class="failed-names">
              {group.pictures.slice(0, mostNamed).map(({ picture, results }) => (
                <li key={picture.key}>
                  <button
                    type="button"
                    class="link-button"
                    onClick={() => onOpen(picture, results[0] ?? null)}
                  >
                    {nameOf({ picture, results })}
                  </button>
                </li>
              ))}
              {group.pictures.length > mostNamed && <li>and {group.pictures.length - mostNamed} more</li>}
            </ul>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Where others of its results did not fail for this reason, the name says which did. */
function nameOf({ picture, results }: FailedPicture): string {
  if (results.length === picture.results.length) return picture.name;
  return `${picture.name} (${results.map(({ operation }) => resultNoun(operation)).join(', ')})`;
}
