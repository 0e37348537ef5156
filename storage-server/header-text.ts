import type { OutgoingHttpHeader } from 'node:http';

/**
 * A header's value as Node can write it: text as UTF-8 bytes, each handed over as one Latin-1 character, and a space
 * for every control character. What uploaders say of their objects comes back in headers, and may be any text.
 */
export function headerText(value: OutgoingHttpHeader | undefined): OutgoingHttpHeader {
  if (value === undefined) return '';
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value.map((one) => String(headerText(one)));
  const printable = [...value].map((character) =>
    character < ' ' || character === '\x7f' ? ' ' : character,
  );
  return Buffer.from(printable.join('')).toString('latin1');
}
