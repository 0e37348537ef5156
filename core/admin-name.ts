/** The name under which is kept what somebody does with the admin token: nothing tells its holders apart. */
export const tokenHolder = 'token';

/** An admin in words: an e-mail address, or that it was the token. */
export function adminWords(name: string): string {
  return name === tokenHolder ? 'somebody with the admin token' : name;
}
