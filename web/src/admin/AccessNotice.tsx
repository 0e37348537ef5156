import { useSignal } from '@preact/signals';
import { Skeleton } from '../components/Skeleton.tsx';
import type { Access, AdminDoor } from './admin-door.ts';

interface AccessNoticeProps {
  access: Exclude<Access, 'granted'>;
  door: AdminDoor;
}

/** Shown in place of a page for admins if the visitor may not see it, or if it cannot be reached. */
export function AccessNotice({ access, door }: AccessNoticeProps) {
  switch (access) {
    case 'unknown':
      return <Skeleton lines={10} label="Opening the dashboard …" />;
    case 'unreachable':
      return (
        <div class="gate" role="status">
          <h2>The server does not answer.</h2>
          <p>This page tries again every few seconds.</p>
        </div>
      );
    case 'refused':
      return (
        <div class="gate">
          <h2>The dashboard is for admins.</h2>
          <p>{door.refusal.value}</p>
          <button type="button" class="button" onClick={() => location.reload()}>
            Reload
          </button>
          <BackToUploads />
        </div>
      );
    case 'token_needed':
      return (
        <div class="gate">
          <h2>The dashboard is for admins.</h2>
          <p>
            Whoever runs this installation has the admin’s address, or the admin token. The token lets this
            browser in for half a day.
          </p>
          <TokenForm door={door} />
          <BackToUploads />
        </div>
      );
    default:
      return access satisfies never;
  }
}

function BackToUploads() {
  return (
    <p class="for-visitors">
      <a class="button" href="/">
        Back to the upload page
      </a>
    </p>
  );
}

function TokenForm({ door }: Pick<AccessNoticeProps, 'door'>) {
  const token = useSignal('');
  const busy = useSignal(false);
  const problem = door.entryProblem.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    await door.enter(token.value);
    busy.value = false;
  };
  return (
    <form class="token-form" onSubmit={(event) => void submit(event)}>
      <label for="admin-token">Admin token</label>
      <div class="token-line">
        <input
          id="admin-token"
          type="password"
          autocomplete="current-password"
          required
          aria-invalid={problem !== null}
          aria-describedby="admin-token-problem"
          value={token.value}
          onInput={(event) => (token.value = event.currentTarget.value)}
        />
        <button type="submit" class="button primary" disabled={busy.value}>
          Enter
        </button>
      </div>
      <p class="option-problem" id="admin-token-problem" role="alert">
        {problem}
      </p>
    </form>
  );
}
