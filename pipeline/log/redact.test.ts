import { describe, expect, it } from 'vitest';
import { createRedaction, redacted } from './redact.ts';

const { text, isSecretName } = createRedaction(['an admin’s own token', 'short']);

const session =
  'https://storage.googleapis.com/upload/storage/v1/b/uploads/o?uploadType=resumable&name=a.jpg&upload_id=AHmUCY2-x_yZ0123';
const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.${'s'.repeat(40)}`;
const apiKey = `spw_${'Ab0'.repeat(16)}9`;

describe('what opens a door is taken out of a text', () => {
  it.each([
    ['a session', `PUT ${session} failed`, 'AHmUCY2-x_yZ0123'],
    ['a session in quotes', `{"location":"${session}"}`, 'AHmUCY2-x_yZ0123'],
    ['a session in an address', `/x?next=${encodeURIComponent(session)}`, 'AHmUCY2-x_yZ0123'],
    ['the header of a session', "'x-guploader-uploadid': 'AHmUCY2-x_yZ0123',", 'AHmUCY2-x_yZ0123'],
    ['a signed address', 'GET /o?X-Goog-Date=1&X-Goog-Signature=0a1b2c3d&x=1', '0a1b2c3d'],
    ['an older signed address', 'https://x/o?GoogleAccessId=me&Signature=aB%2Fc%3D', 'aB%2Fc'],
    ['a batch', '/api/v1/jobs?batch=5b1e7c1a-2f5e-4f52-8d55-9f6f6b6d6b6d&limit=3', '5b1e7c1a'],
    ['an admin’s address', 'http://127.0.0.1:4321/admin/enter#token=Zm9vYmFyYmF6', 'Zm9vYmFyYmF6'],
    ['an API key of ours', `The key ${apiKey} is not known.`, apiKey],
    ['an API key of Google', 'https://x/y?key=AIzaSyD-abcdefghijklmnopqrstuvwxyz01', 'AIzaSyD'],
    ['a bearer token', `Authorization: Bearer ${'t'.repeat(30)}`, 't'.repeat(30)],
    ['a password in a header', 'authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['an access token', 'got ya29.a0AfH6SM-x_y', 'a0AfH6SM'],
    ['an identity token', `The token ${jwt} is expired.`, 'eyJzdWIi'],
    ['cookies', 'cookie: spillway_session=abc.1.def; theme=dark\nhost: x', 'abc.1.def'],
    ['a cookie in a sentence', 'It had spillway_admin=admin.17.c2lnbmF0dXJl.', 'c2lnbmF0dXJl'],
    ['a cookie that is set', '"set-cookie": "id=secretvalue; Path=/"', 'secretvalue'],
    ['a key', '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----', 'MIIEvQ'],
    ['a key that was cut off', 'x -----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBg', 'MIIEvQ'],
    ['a proxy’s password', 'connect http://me:hunter22@proxy:3128', 'hunter22'],
    ['a value that is known', 'It was: an admin’s own token.', 'an admin’s own token'],
    ['the same in an address', `/x?y=${encodeURIComponent('an admin’s own token')}`, '%E2%80%99s%20own'],
  ])('%s', (_, written, secret) => {
    const clean = text(written);
    expect(clean).not.toContain(secret);
    expect(clean).toContain(redacted);
  });

  it('leaves the rest of the text', () => {
    expect(text(`PUT ${session}&x=1 failed`)).toBe(
      `PUT ${session.replace('AHmUCY2-x_yZ0123', redacted)}&x=1 failed`,
    );
  });

  it.each([
    'Bearer tokens are missing.',
    'A batch of 20 files; its signature is signed.',
    'The key 0123456789abcdef of the job gs://uploads/token/cat.jpg#1700000000000001',
    'Routed: a VM finishes in 1.2 s of 5 s, so it takes the job.',
    'http://127.0.0.1:8080/v1/projects/x:commit',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'short',
  ])('leaves “%s”', (harmless) => {
    expect(text(harmless)).toBe(harmless);
  });
});

it.each([
  'authorization',
  'Set-Cookie',
  'sessionUrl',
  'adminToken',
  'SPILLWAY_SESSION_SECRET',
  'x-guploader-uploadid',
  'apiKey',
  'x-goog-iap-jwt-assertion',
  'private_key',
])('the value of %s is a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

it.each(['jobId', 'key', 'operation', 'path', 'upload', 'keyId'])('that of %s is none', (name) => {
  expect(isSecretName(name)).toBe(false);
});
