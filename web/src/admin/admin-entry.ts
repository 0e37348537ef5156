/** What became of a try to enter. */
export type Entry = 'entered' | 'wrong_token' | 'unreachable';

/**
 * Takes the token out of the page's address, `#token=…`, so that it stays in no history. Null where there is none.
 */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

/** Shows the site the admin's token, for which it gives this browser a cookie. */
export async function enterAsAdmin(token: string): Promise<Entry> {
  try {
    const { status } = await fetch('/admin/enter', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: token.trim() }),
    });
    if (status === 204) return 'entered';
    return status === 403 ? 'wrong_token' : 'unreachable';
  } catch {
    return 'unreachable';
  }
}
