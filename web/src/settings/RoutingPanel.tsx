import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import { adminWords } from '@spillway/core/audit.ts';
import type { SettingsChange } from '@spillway/core/settings.ts';
import type { Overview } from '@spillway/web/api/admin-schema.ts';
import { useEffect, useMemo } from 'preact/hooks';
import { PanelToggle } from '../components/PanelToggle.tsx';
import { formatAge, formatMoment } from '../format/duration.ts';
import { now } from '../live/now.ts';
import { Calibration } from './Calibration.tsx';
import { ExplainForm } from './ExplainForm.tsx';
import { RoutingForm } from './RoutingForm.tsx';
import { SettingsHistory } from './SettingsHistory.tsx';
import { createSettingsEditor, type SettingsEditor } from './settings-editor.ts';
import { settingsSummary } from './settings-summary.ts';

const formId = 'routing-form';

/** How work is routed: the settings in short, and the form that changes them. */
export function RoutingPanel({ overview }: { overview: ReadonlySignal<Overview | null> }) {
  const editor = useMemo(createSettingsEditor, []);
  const open = useSignal(false);
  useEffect(() => void editor.load(), [editor]);
  useEffect(
    () => overview.subscribe((seen) => void (seen && editor.heardOf(seen.settingsChange))),
    [overview, editor],
  );
  useEffect(() => warnBeforeLeaving(editor), [editor]);
  const view = editor.view.value;
  const summary = settingsSummary(view?.routing ?? null);
  const changedAt = useComputed(() => editor.view.value?.change?.updatedAt.getTime() ?? null);
  return (
    <>
      <section class="routing" aria-labelledby="routing-title">
        <header class="section-head">
          <h2 id="routing-title">Routing</h2>
          <p>
            {view && <LastChange change={view.change} />}
            {editor.edited.value && <span class="unsaved">Not saved yet</span>}
          </p>
          <PanelToggle
            open={open}
            controls={formId}
            words={['Change settings', 'Close settings']}
            // A document that somebody edited by hand is told by no event.
            onOpen={() => void editor.load()}
          />
        </header>
        <div class="routing-sheet">
          <dl class="routing-summary">
            {summary.map(({ name, value, note }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  {value}
                  <small>{note}</small>
                </dd>
              </div>
            ))}
          </dl>
          <div id={formId} hidden={!open.value}>
            {open.value && <RoutingForm editor={editor} />}
          </div>
        </div>
      </section>
      <Calibration />
      <ExplainForm />
      <SettingsHistory document="routing" changedAt={changedAt} onUndone={() => void editor.load()} />
    </>
  );
}

/** Reads the clock by itself, so that a second passing does not draw the form again. */
function LastChange({ change }: { change: SettingsChange | null }) {
  if (!change) return <>Not changed from here yet</>;
  const { updatedAt, updatedBy } = change;
  return (
    <>
      Changed by {adminWords(updatedBy)},{' '}
      <time dateTime={updatedAt.toISOString()} title={formatMoment(updatedAt)}>
        {formatAge(now.value - updatedAt.getTime())}
      </time>
    </>
  );
}

function warnBeforeLeaving(editor: SettingsEditor): () => void {
  const warn = (event: BeforeUnloadEvent) => {
    if (editor.edited.peek()) event.preventDefault();
  };
  addEventListener('beforeunload', warn);
  return () => removeEventListener('beforeunload', warn);
}
