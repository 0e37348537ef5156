const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  hour: '2-digit',
  minute: '2-digit',
});

/** When a link ends, in the reader's time zone. */
export function endWords(validUntil: Date): string {
  return `until ${day.format(validUntil)}`;
}

/** The choices of a link's life, in hours. */
export const shareLives = [
  { hours: 1, label: '1 hour' },
  { hours: 24, label: '1 day' },
  { hours: 7 * 24, label: '7 days' },
  { hours: 30 * 24, label: '30 days' },
] as const;

/** Address of a link's page. What is behind the # is sent to no server. */
export function sharedUrl(token: string): string {
  return `${location.origin}/shared/#${token}`;
}
