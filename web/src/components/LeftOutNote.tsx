import { countOf } from '@spillway/core/amounts.ts';
import { isMinor, leftOutWords } from '../uploads/left-out-words.ts';
import type { LeftOut } from '../uploads/picked-files.ts';
import { Icon } from './Icon.tsx';

/** Files that are named at first. The others are shown on request. */
const mostShown = 4;

interface LeftOutNoteProps {
  leftOut: readonly LeftOut[];
  onDismiss(): void;
}

/** What of the latest drop is not sent, each by its name and with the reason. */
export function LeftOutNote({ leftOut, onDismiss }: LeftOutNoteProps) {
  if (leftOut.length === 0) return null;
  const missed = leftOut.filter((each) => !isMinor(each));
  const minor = leftOut.filter(isMinor);
  return (
    <section class="left-out" aria-label="Left out of the last drop">
      {missed.length > 0 && (
        <>
          <p class="left-out-title">
            <Icon name="alert" />
            Not sent:
          </p>
          <LeftOutList leftOut={missed.slice(0, mostShown)} />
          {missed.length > mostShown && (
            <More summary={`${missed.length - mostShown} more`} leftOut={missed.slice(mostShown)} />
          )}
        </>
      )}
      {minor.length > 0 && (
        <More summary={`${countOf(minor.length, 'hidden or empty thing')} left out`} leftOut={minor} />
      )}
      <button type="button" class="button quiet" onClick={onDismiss}>
        <Icon name="close" />
        Dismiss<span class="visually-hidden"> what is said of things that were left out</span>
      </button>
    </section>
  );
}

function More({ summary, leftOut }: { summary: string; leftOut: readonly LeftOut[] }) {
  return (
    <details>
      <summary>
        <Icon name="more" />
        {summary}
      </summary>
      <LeftOutList leftOut={leftOut} />
    </details>
  );
}

function LeftOutList({ leftOut }: { leftOut: readonly LeftOut[] }) {
  return (
    <ul>
      {leftOut.map((each, index) => (
        <li key={index}>
          <strong>{each.name}</strong> {leftOutWords(each)}
        </li>
      ))}
    </ul>
  );
}
