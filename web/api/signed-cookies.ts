import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@spillway/pipeline/ports/ports.ts';

export interface CookieSigner {
  sign(subject: string): string;
  /** The subject, and the age in seconds; null if the value is forged, damaged or too old. */
  verify(value: string | undefined, lifetime: number): { subject: string; age: number } | null;
}

/**
 * Signs `subject.issued.signature`. The time of issue is signed too, so that a cookie cannot outlive its time.
 * @param purpose Each purpose has a key of its own, so that a visitor's cookie can never pass for an admin's.
 */
export function createCookieSigner(secret: string, purpose: string, clock: Clock): CookieSigner {
  const key = createHmac('sha256', secret).update(purpose).digest();
  const seconds = () => Math.floor(clock.now().getTime() / 1_000);
  const signature = (text: string) => createHmac('sha256', key).update(text).digest();
  return {
    sign(subject) {
      const text = `${subject}.${seconds()}`;
      return `${text}.${signature(text).toString('base64url')}`;
    },
    verify(value, lifetime) {
      const [, subject, issued, given] =
        /^([0-9a-z]{1,64})\.(\d{1,12})\.([\w-]{43})$/.exec(value ?? '') ?? [];
      if (subject === undefined || issued === undefined || given === undefined) return null;
      const expected = signature(`${subject}.${issued}`);
      if (!timingSafeEqual(expected, Buffer.from(given, 'base64url'))) return null;
      const age = seconds() - Number(issued);
      return age <= lifetime ? { subject, age } : null;
    },
  };
}
