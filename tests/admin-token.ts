/** The token in the admin's address, for programs that send it in a header. */
export function adminTokenOf(adminUrl: string): string {
  const token = new URLSearchParams(new URL(adminUrl).hash.slice(1)).get('token');
  if (token === null) throw new Error('The address has no token.');
  return token;
}

/** Address of a page for admins that lets a browser in, by its part after `/dashboard/`: `workers/`. */
export function adminPageOf({ web, adminUrl }: { web: string; adminUrl: string }, part: string): string {
  return `${web}/dashboard/${part}#token=${encodeURIComponent(adminTokenOf(adminUrl))}`;
}
