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
    ['a private link', `https://x/shared/#sps_${'Ab0'.repeat(16)}9`, 'Ab0Ab0'],
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
    ['JSON', '{"upload_id":"AHmUCY2"}', 'AHmUCY2'],
    ['JSON of a client', '{"refresh_token":"1//0abc","client_secret":"G-OC xyz"}', /0abc|G-OC|xyz/],
    ['JSON with a quote in a value', '{"password":"ab\\"cd","x":1}', 'cd'],
    ['JSON in a string', JSON.stringify('{"authorization":"Basic dXNl"}'), 'dXNl'],
    ['a quote of JSON in a string', JSON.stringify(JSON.stringify({ password: 'ab"cd\\', x: 'y' })), 'cd'],
    ['JSON in strings', JSON.stringify(JSON.stringify('{"x-guploader-uploadid":"AHm-UCY"}')), 'UCY'],
    ['a list of headers', "['Authorization','Basic dXNl','Cookie','id=se,c']", /dXNl|se,c/],
    ['a list in lines', "[\n  'Host', 'x',\n  'Cookie',\n  'id=sec'\n]", 'id=sec'],
    ['a list of JSON in a string', JSON.stringify('["authorization","Basic dXNl"]'), 'dXNl'],
    ['a list of pairs', "[['cookie','id=sec'],['host','x']]", 'id=sec'],
    ['a list with a value like a name', "['X-Auth-Token','mytoken','Cookie','id=sec']", /mytoken|id=sec/],
    ['a value beside its name', '{"name":"authorization","value":"Basic dXNl"}', 'dXNl'],
    ['a dump of that', "{ name: 'authorization', value: 'Basic dXNl' }", 'dXNl'],
    ['an address encoded twice', 'x?next=upload_id%253DAHm_UCY%2526x', 'UCY'],
    ['a part of an encoded address', 'upload_id%3DAHm%252FUCY%26x%3D1', /AHm|UCY/],
    ['an encoded batch', 'next=%3Fx%3D1%26batch%3D5b1e7c1a', '5b1e7c1a'],
    ['encoded JSON', '%7B%22token%22%3A%22abc%20def%22%7D', /abc|def/],
    ['an encoded bearer token', `Bearer%20${'t'.repeat(30)}`, 'tttt'],
    ['a variable', 'SPILLWAY_ADMIN_TOKEN=abc', 'abc'],
    ['a password', 'password=hu(nt)er,2;3', /hu|er|2|3/],
    ['a quoted password', 'PASSWORD="two words"', /two|words/],
    ['a passphrase', 'passphrase: correct horse battery', /correct|horse|battery/],
    ['the header of a signature', 'x-goog-signature: 0a1b2c', '0a1b2c'],
    ['a list under a name', 'authorization => [ "Bearer abc" ]', 'abc'],
    ['a list that was cut off', "'set-cookie': [ 'a=sec1', 'b=sec2", /sec/],
    ['a map', "Map { 'authorization' => 'Basic dXNl' }", 'dXNl'],
    ['an assignment', "headers['authorization'] = 'Basic dXNl'", 'dXNl'],
    ['cookies with quotes', 'cookie: a="sec1"; b=sec2', /sec/],
    ['parts of a signature', 'Signature=abc,def', /abc|def/],
    ['a header of several parts', 'Authorization: Digest username="me", response="6629"', '6629'],
    ['a key under a name', 'private_key: -----BEGIN PRIVATE KEY-----\nMIIEvQ', 'MIIEvQ'],
    ['a JWT after other characters', `user-${jwt}`, 'eyJ'],
    ['a password without a name', 'redis://:hunter22@cache', 'hunter22'],
  ])('%s', (_, written, secret) => {
    const clean = text(written);
    if (typeof secret === 'string') expect(clean).not.toContain(secret);
    else expect(clean.replaceAll(redacted, '')).not.toMatch(secret);
    expect(clean).toContain(redacted);
  });

  it('leaves the rest of the text', () => {
    expect(text(`PUT ${session}&x=1 failed`)).toBe(
      `PUT ${session.replace('AHmUCY2-x_yZ0123', redacted)}&x=1 failed`,
    );
    expect(text('{"id":"a1","token":"abc","next":{"cookie":["b"]},"x":[1]}')).toBe(
      `{"id":"a1","token":"${redacted}","next":{"cookie":${redacted}},"x":[1]}`,
    );
    expect(text("{ token: null, cookie: 'a=b', job: 'a1' }")).toBe(
      `{ token: null, cookie: '${redacted}', job: 'a1' }`,
    );
    expect(text('next=%3Ftoken%3Dabc%26x%3D1&y=2')).toBe(`next=%3Ftoken%3D${redacted}%26x%3D1&y=2`);
  });

  it.each([
    'Bearer tokens are missing.',
    'A batch of 20 files; its signature is signed.',
    'The key 0123456789abcdef of the job gs://uploads/token/cat.jpg#1700000000000001',
    'Routed: a VM finishes in 1.2 s of 5 s, so it takes the job.',
    'http://127.0.0.1:8080/v1/projects/x:commit',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'short',
    'Could not refresh access token: network timeout',
    `Unexpected token '}', "{"a":}" is not valid JSON`,
    'The token, the cookie and the password are missing. A token is sent as a header.',
    'InvalidTokenError: It has expired.',
    'AssertionError [ERR_ASSERTION]: Expected values to be equal',
  ])('leaves “%s”', (harmless) => {
    expect(text(harmless)).toBe(harmless);
  });
});

/** A search that is quadratic would take these for minutes, and one that is linear does not notice them. */
describe('long texts that nearly have a secret many times do not stop a program', () => {
  const size = 2_000_000;
  it.each([
    'eyJ-',
    'eyJaaaaaaa',
    'eyJaaaaaaa.',
    'token',
    'token ',
    'token\\',
    '\\',
    'token:[',
    'token:"',
    'token:\\"',
    'token:%22',
    "'token','token',",
    '"token" ',
    'token%25',
    'token]',
    'upload id',
    'cookie: \n',
    'Bearer ',
    'Bearer%20',
    'batch=&',
    'batch%25',
    '%25',
    ' ',
    '://a',
    '://a:b',
    'a:',
    '-----BEGIN A',
    '-----BEGIN PRIVATE KEY-----',
    'spillway_a',
    'ya29.',
    'AIza-',
    'spw_',
    'a.',
    'aaaaaaaaaaaaaaa ',
  ])('%j', (part) => {
    const long = part.repeat(size / part.length);
    expect(text(long)).toEqual(expect.any(String));
    expect(text(`token${long}`)).toEqual(expect.any(String));
    expect(text(`token:[${long}`).startsWith(`token:${redacted}`)).toBe(true);
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
