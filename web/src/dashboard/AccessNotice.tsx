import type { Access } from './admin-state.ts';

/** Shown in place of the dashboard if the visitor may not see it, or if it cannot be reached. */
export function AccessNotice({ access }: { access: Exclude<Access, 'granted'> }) {
  switch (access) {
    case 'unknown':
      return <p class="empty">Opening the dashboard …</p>;
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
          <p>
            Open the admin address that <code>npm start</code> printed. It carries a token and lets this
            browser in; afterwards this page opens by itself. The same address is in{' '}
            <code>.local/stack.json</code> as <code>adminUrl</code>.
          </p>
          <p>
            <a class="button" href="/">
              Back to the upload page
            </a>
          </p>
        </div>
      );
    default:
      return access satisfies never;
  }
}
