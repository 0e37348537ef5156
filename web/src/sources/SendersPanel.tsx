import { useSignal } from '@preact/signals';
import { formatBytes } from '@spillway/core/amounts.ts';
import { apiKeyListSchema, settingsSchema } from '@spillway/web/api/admin-schema.ts';
import { type LimitsView, limitsSchema, sourcesSchema } from '@spillway/web/api/routing-schema.ts';
import { useEffect } from 'preact/hooks';
import { requestJson } from '../http/request.ts';
import { type OwnerLine, ownerLines } from './owner-lines.ts';

/** Who sends: the owners that rules, keys and shares name, and what everybody may do how often. */
export function SendersPanel() {
  const owners = useSignal<readonly OwnerLine[] | null>(null);
  const limits = useSignal<LimitsView | null>(null);
  const problem = useSignal<string | null>(null);
  const load = async () => {
    const [sources, keys, settings, allowed] = await Promise.all([
      requestJson('/admin/sources', sourcesSchema),
      requestJson('/admin/keys', apiKeyListSchema),
      requestJson('/admin/settings', settingsSchema),
      requestJson('/admin/limits', limitsSchema),
    ]);
    const failed = [sources, keys, settings, allowed].find((reply) => !reply.ok);
    problem.value = failed && !failed.ok ? failed.failure.message : null;
    if (sources.ok && keys.ok && settings.ok) {
      owners.value = ownerLines(sources.value.rules, keys.value.keys, settings.value.routing, new Date());
    }
    if (allowed.ok) limits.value = allowed.value;
  };
  useEffect(() => void load(), []);
  return (
    <>
      <section class="owners" aria-labelledby="owners-title">
        <h2 id="owners-title">Owners</h2>
        <p class="section-note">
          Every visitor of the page is an owner, too. These are the ones that a rule, a key or a share names.
          Shares are changed with the <a href="/dashboard/routing/">routing</a>, keys with the{' '}
          <a href="/dashboard/keys/">API keys</a>.
        </p>
        <p class="option-problem" role="alert">
          {problem.value}
        </p>
        {owners.value === null && !problem.value && <p class="quiet-words">Reading …</p>}
        {owners.value?.length === 0 && <p class="quiet-words">No rule, key or share names an owner yet.</p>}
        {owners.value && owners.value.length > 0 && <OwnerTable lines={owners.value} />}
      </section>
      <section class="limits" aria-labelledby="limits-title">
        <h2 id="limits-title">Limits</h2>
        <p class="section-note">
          Of each instance of the site: so many at once, and so many a minute in the long run. A key has for
          itself what a network has. What is written into the bucket directly has no limit.
          {limits.value && ` A file may have ${formatBytes(limits.value.largestFile)}.`}
        </p>
        {limits.value && <LimitTable limits={limits.value.limits} />}
      </section>
    </>
  );
}

function OwnerTable({ lines }: { lines: readonly OwnerLine[] }) {
  return (
    <div class="table-frame">
      <table>
        <thead>
          <tr>
            <th scope="col">Owner</th>
            <th scope="col">Rules</th>
            <th scope="col">API keys in use</th>
            <th scope="col" class="figure-cell">
              Share of the VMs
            </th>
            <th scope="col">Jobs</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ owner, prefixes, keys, share }) => (
            <tr key={owner}>
              <th scope="row">{owner}</th>
              <td>{prefixes.length > 0 ? prefixes.join(', ') : 'none'}</td>
              <td>{keys.length > 0 ? keys.join(', ') : 'none'}</td>
              <td class="figure-cell">{share}</td>
              <td>
                <a href={`/dashboard/jobs/?owner=${encodeURIComponent(owner)}`}>Show</a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LimitTable({ limits }: Pick<LimitsView, 'limits'>) {
  const words = ({ burst, perMinute }: LimitsView['limits'][number]['owner']) =>
    `${burst}, ${perMinute} a minute`;
  return (
    <div class="table-frame">
      <table>
        <thead>
          <tr>
            <th scope="col">Of</th>
            <th scope="col">One visitor</th>
            <th scope="col">One network, or one API key</th>
            <th scope="col">Visitors without a cookie, a network</th>
          </tr>
        </thead>
        <tbody>
          {limits.map(({ name, owner, address, stranger }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{words(owner)}</td>
              <td>{words(address)}</td>
              <td>{words(stranger)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
