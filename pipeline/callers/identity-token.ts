import { z } from 'zod';

/** What an identity token says of itself. Nothing of it may be believed before its signature was checked. */
export interface IdentityToken {
  /** As it came. */
  text: string;
  algorithm: string;
  keyId: string;
  /** Whether Cloud Run has verified the token and taken its signature away. */
  isSignatureRemoved: boolean;
  claims: z.infer<typeof claimsSchema>;
}

/** https://cloud.google.com/run/docs/troubleshooting#signature-removed */
const removedSignature = 'SIGNATURE_REMOVED_BY_GOOGLE';

const headerSchema = z.object({ alg: z.string(), kid: z.string().default('') });
/** @see https://cloud.google.com/docs/authentication/token-types#id-contents */
const claimsSchema = z.object({
  iss: z.string(),
  aud: z.string(),
  /** Seconds since 1970, as `exp` and `nbf` are. */
  iat: z.number(),
  exp: z.number(),
  nbf: z.number().optional(),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
});

/** Reads `Bearer …`; null where there is no token, and `unreadable` where it is none of Google's kind. */
export function readIdentityToken(authorization: string | undefined): IdentityToken | 'unreadable' | null {
  const [, text] = /^Bearer +(\S+)$/i.exec(authorization?.trim() ?? '') ?? [];
  if (text === undefined) return null;
  const [header = '', claims = '', signature = '', ...more] = text.split('.');
  const readHeader = headerSchema.safeParse(jsonOf(header));
  const readClaims = claimsSchema.safeParse(jsonOf(claims));
  if (more.length > 0 || !readHeader.success || !readClaims.success) return 'unreadable';
  return {
    text,
    algorithm: readHeader.data.alg,
    keyId: readHeader.data.kid,
    isSignatureRemoved: signature === removedSignature,
    claims: readClaims.data,
  };
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
