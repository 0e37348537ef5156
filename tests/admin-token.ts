/** The token in the admin's address, for programs that send it in a header. */
export function adminTokenOf(adminUrl: string): string {
  const token = new URLSearchParams(new URL(adminUrl).hash.slice(1)).get('token');
  if (token === null) throw new Error('The address has no token.');
  return token;
}
