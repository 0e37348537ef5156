import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { StreamState } from '../live/event-stream.ts';

const patienceMs = 1_500;

/** A quiet word when live updates have stopped for longer than a blink. Its place is kept when there is none. */
export function ConnectionNote({ state }: { state: ReadonlySignal<StreamState> }) {
  const shown = useSignal(false);
  const lost = state.value === 'lost';
  useEffect(() => {
    const timer = setTimeout(() => (shown.value = lost), lost ? patienceMs : 0);
    return () => clearTimeout(timer);
  }, [lost, shown]);
  return (
    <p class="connection-note" role="status">
      {shown.value && (
        <>
          <span class="connection-dot" aria-hidden="true" />
          Reconnecting …
        </>
      )}
    </p>
  );
}
