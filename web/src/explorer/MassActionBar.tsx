import { countOf } from '@spillway/core/amounts.ts';
import { type MassActionKind, massActionWords } from '@spillway/core/mass-action.ts';
import { HatchBar } from '../components/HatchBar.tsx';
import { ModalDialog } from '../components/ModalDialog.tsx';
import type { MassActions } from './mass-actions.ts';

const verbs: Record<MassActionKind, { button: string; now: string; consequence: string }> = {
  retry: {
    button: 'Retry',
    now: 'Retrying',
    consequence: 'Each becomes a new run. One that was retried before is left as it is.',
  },
  cancel: {
    button: 'Cancel',
    now: 'Cancelling',
    consequence: 'What works on them stops, and nothing comes of it.',
  },
  delete: {
    button: 'Delete',
    now: 'Deleting',
    consequence:
      'Jobs, results and, with the last of its jobs, each original are removed. This cannot be undone.',
  },
};

/** What is done to many jobs: the question before, the progress, and the end. */
export function MassActionBar({ actions }: { actions: MassActions }) {
  const action = actions.action.value;
  const goesOn = actions.goesOn.value;
  return (
    <>
      <AskFirst actions={actions} />
      <div role="status">
        {action && (
          <section class="mass-action" aria-label="Action on many jobs">
            <p>
              <b>
                {action.state === 'running'
                  ? `${verbs[action.kind].now} ${countOf(action.expected, 'job')}`
                  : massActionWords(action)}
              </b>{' '}
              <code>{action.words}</code>
            </p>
            {action.state === 'running' ? (
              <>
                <HatchBar share={handled(action) / Math.max(1, action.expected)} label="Jobs that are done" />
                <p>
                  {handled(action).toLocaleString('en')} of {action.expected.toLocaleString('en')}.{' '}
                  {goesOn === 'here' &&
                    'It goes on while this page is open, and waits where it is once it is closed.'}
                  {goesOn === 'elsewhere' && `Another page goes on with it, of ${action.by}.`}
                  {goesOn === 'nobody' && 'Its page was closed: nobody goes on with it.'}
                </p>
                {goesOn === 'nobody' && (
                  <button type="button" class="button primary" onClick={() => actions.goOn()}>
                    Go on
                  </button>
                )}
                <button type="button" class="button" onClick={() => void actions.stop()}>
                  Stop
                </button>
              </>
            ) : (
              <button type="button" class="button quiet" onClick={() => actions.close()}>
                Close
              </button>
            )}
          </section>
        )}
      </div>
    </>
  );
}

function AskFirst({ actions }: { actions: MassActions }) {
  const prepared = actions.prepared.value;
  if (!prepared) return null;
  const { button, consequence } = verbs[prepared.kind];
  const { jobs, exact, problem } = prepared;
  const number = jobs === null ? null : `${exact ? '' : 'about '}${countOf(jobs, 'job')}`;
  return (
    <ModalDialog
      title={`${button} ${number ?? 'jobs'}?`}
      className="ask-first"
      onClose={() => actions.dismiss()}
    >
      <p>{problem ?? (jobs === 0 ? 'No job matches that this can be done to.' : consequence)}</p>
      <p class="ask-buttons">
        <button
          type="button"
          class={`button ${prepared.kind === 'delete' ? 'danger' : 'primary'}`}
          disabled={jobs === null || jobs === 0 || problem !== null}
          onClick={() => void actions.begin()}
        >
          {jobs === null && problem === null ? 'Counting …' : `${button} ${number ?? ''}`}
        </button>
        <button type="button" class="button" onClick={() => actions.dismiss()}>
          Leave them
        </button>
      </p>
    </ModalDialog>
  );
}

function handled({ done, spared, refused }: { done: number; spared: number; refused: number }): number {
  return done + spared + refused;
}
