import { adminWords } from '@spillway/core/audit.ts';
import type { ApiKeyView } from '@spillway/web/api/admin-schema.ts';
import { useEffect, useMemo } from 'preact/hooks';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { CopyButton } from '../components/CopyButton.tsx';
import { ModalDialog } from '../components/ModalDialog.tsx';
import { formatMoment } from '../format/duration.ts';
import { now } from '../live/now.ts';
import { KeyForm } from './KeyForm.tsx';
import { endWords, keysWords, scopeWords, useWords } from './key-words.ts';
import { createKeysState, type KeysState } from './keys-state.ts';

/** The keys with which programs use the API: what there is, and the form that makes one. */
export function KeysPanel() {
  const keys = useMemo(createKeysState, []);
  useEffect(() => void keys.load(), [keys]);
  const list = keys.keys.value;
  const made = keys.made.value;
  return (
    <section class="keys" aria-label="API keys">
      <p class="section-note">{list && <InUse list={list} />}</p>
      <div class="keys-sheet">
        <p class="keys-problem" role="alert">
          {keys.problem.value}
        </p>
        {list && list.length > 0 && <KeysTable list={list} keys={keys} />}
        {list && list.length === 0 && (
          <p class="keys-none">
            No program has a key yet. Visitors of the page need none, and neither do programs that write into
            the bucket themselves.
          </p>
        )}
        <KeyForm keys={keys} />
      </div>
      {made && (
        <ModalDialog title={`The key for ${made.key.name}`} className="key-dialog" onClose={keys.putAway}>
          <p>Copy it now. It is kept nowhere, and is not shown again.</p>
          <span class="command-line">
            <code>{made.text}</code>
            <CopyButton text={made.text} subject="the key" />
          </span>
          <p>
            The program sends it in a header: <code>Authorization: Bearer spw_…</code>
          </p>
        </ModalDialog>
      )}
    </section>
  );
}

/** Reads the clock by itself, so that a second passing does not draw the form again. */
function InUse({ list }: { list: readonly ApiKeyView[] }) {
  return <>{keysWords(list, now.value)}</>;
}

function KeysTable({ list, keys }: { list: readonly ApiKeyView[]; keys: KeysState }) {
  return (
    <div class="table-frame">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Owner</th>
            <th scope="col">May</th>
            <th scope="col">Used</th>
            <th scope="col">Valid</th>
            <th scope="col">
              <span class="visually-hidden">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((key) => (
            <KeyRow key={key.id} apiKey={key} onRevoke={() => void keys.revoke(key.id)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKeyView; onRevoke(): void }) {
  const { condition, words } = endWords(apiKey, now.value);
  return (
    <tr class={condition === 'valid' ? '' : 'ended'}>
      <td>
        {apiKey.name}
        <small class="key-id" title="The first digits of the key’s SHA-256">
          {apiKey.id}
        </small>
      </td>
      <td>{apiKey.owner}</td>
      <td>{apiKey.scopes.map((scope) => scopeWords[scope].label).join(', ')}</td>
      <td>{useWords(apiKey, now.value)}</td>
      <td>
        {words}
        <small>
          made by {adminWords(apiKey.createdBy)}, {formatMoment(apiKey.createdAt)}
        </small>
      </td>
      <td class="figure-cell">
        {condition === 'valid' && (
          <ConfirmButton
            label="Revoke"
            confirm="Revoke for good"
            subject={apiKey.name}
            icon="trash"
            onConfirm={onRevoke}
          />
        )}
      </td>
    </tr>
  );
}
