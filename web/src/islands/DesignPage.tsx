import '../http/no-eval.ts';
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { AdminPage } from '../admin/AdminPage.tsx';
import { CommandLine } from '../components/CommandLine.tsx';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { CopyButton } from '../components/CopyButton.tsx';
import { HatchBar } from '../components/HatchBar.tsx';
import { Icon, iconNames } from '../components/Icon.tsx';
import { ModalDialog } from '../components/ModalDialog.tsx';
import { Skeleton } from '../components/Skeleton.tsx';

const colours: [token: string, meaning: string][] = [
  ['--paper', 'page'],
  ['--sheet', 'sheet'],
  ['--sheet-low', 'recess'],
  ['--ink', 'text'],
  ['--ink-soft', 'second text'],
  ['--ink-faint', 'notes'],
  ['--line', 'line'],
  ['--line-strong', 'edge'],
  ['--fill', 'main action'],
  ['--blue', 'VM pool'],
  ['--run', 'Cloud Run'],
  ['--green', 'done'],
  ['--amber', 'attention'],
  ['--red', 'failed'],
];
const states = ['queued', 'processing', 'succeeded', 'failed', 'superseded', 'cancelled'] as const;
const conditions = ['starting', 'ready', 'paused', 'draining', 'drained', 'silent', 'stopped'] as const;

/** Every part that pages are made of, in every state. What is new for several pages is shown here first. */
export default function DesignPage() {
  return (
    <AdminPage title="Design" topics={[]}>
      {() => (
        <div class="design">
          <Sheet title="Colours">
            <ul class="swatches">
              {colours.map(([token, meaning]) => (
                <li key={token}>
                  <span class="swatch" style={{ background: `var(${token})` }} />
                  <span>
                    {meaning} <code>{token}</code>
                  </span>
                </li>
              ))}
            </ul>
          </Sheet>
          <Sheet title="Text">
            <h3>A heading of a part</h3>
            <p>Text that people read has 16 pixels, and lines of up to 70 characters.</p>
            <p class="section-note">A note below a heading, in the second ink.</p>
            <p>
              <a href="/dashboard/design/">A link to this page</a>, <code>a name in code</code>, and{' '}
              <strong>what counts</strong>.
            </p>
          </Sheet>
          <Sheet title="Buttons">
            <div class="specimens">
              <button type="button" class="button primary">
                Main action
              </button>
              <button type="button" class="button">
                <Icon name="retry" />
                Action
              </button>
              <button type="button" class="button quiet">
                Quiet
              </button>
              <button type="button" class="button" aria-disabled="true">
                Not now
              </button>
              <ConfirmButton
                label="Delete"
                confirm="Delete for good"
                subject=""
                icon="trash"
                onConfirm={() => {}}
              />
              <CopyButton text="copied" subject="a word" />
              <DialogSpecimen />
            </div>
          </Sheet>
          <Sheet title="States and chips">
            <div class="specimens">
              {states.map((state) => (
                <span key={state} class={`state ${state}`}>
                  {state}
                </span>
              ))}
            </div>
            <div class="specimens">
              <span class="side vm">VM pool</span>
              <span class="side run">Cloud Run</span>
              <span class="chip">a chip</span>
              {conditions.map((condition) => (
                <span key={condition} class={`chip condition-${condition}`}>
                  {condition}
                </span>
              ))}
            </div>
          </Sheet>
          <Sheet title="Fields">
            <div class="specimens">
              <label>
                Text <input type="text" value="cat.jpg" />
              </label>
              <label>
                Wrong <input type="number" aria-invalid="true" value="-1" />
              </label>
              <label>
                Choice{' '}
                <select>
                  <option>All states</option>
                </select>
              </label>
              <label>
                <input type="checkbox" checked /> Switched on
              </label>
              <label>
                <input type="radio" checked /> Chosen
              </label>
            </div>
            <p class="option-problem">Must be at least 0.</p>
            <p class="option-hint">A hint to a field.</p>
          </Sheet>
          <Sheet title="Progress and waiting">
            <HatchBar label="Known" share={0.42} />
            <HatchBar label="Not known" share={null} />
            <Skeleton lines={3} />
          </Sheet>
          <Sheet title="Notes">
            <p class="notice">What a person should know before going on.</p>
            <div class="empty">
              <p>There is nothing here, and this is how something comes here.</p>
            </div>
            <CommandLine command="npx spillway doctor" />
          </Sheet>
          <Sheet title="Table">
            <div class="table-frame">
              <table>
                <thead>
                  <tr>
                    <th scope="col">State</th>
                    <th scope="col">File</th>
                    <th scope="col" class="figure-cell">
                      Total
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <tr>
                    <td>
                      <span class="state succeeded">Done</span>
                    </td>
                    <td>
                      cat.jpg<small>Pencil sketch · 1.2 MB</small>
                    </td>
                    <td class="figure-cell">1.4 s</td>
                  </tr>
                </tbody>
              </table>
            </div>
          </Sheet>
          <Sheet title="Drawings">
            <div class="specimens">
              {iconNames.map((name) => (
                <span key={name} title={name}>
                  <Icon name={name} />
                </span>
              ))}
            </div>
          </Sheet>
        </div>
      )}
    </AdminPage>
  );
}

function Sheet({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="sheet" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function DialogSpecimen() {
  const open = useSignal(false);
  return (
    <>
      <button type="button" class="button" onClick={() => (open.value = true)}>
        Open a dialog
      </button>
      {open.value && (
        <ModalDialog title="A dialog" className="" onClose={() => (open.value = false)}>
          <p>Escape and a press beside it close it; the focus goes back to where it was.</p>
        </ModalDialog>
      )}
    </>
  );
}
