import { parseGoogHash } from './checksums.ts';
import { parseContentRange } from './content-range.ts';
import { StorageError, unsupported } from './errors.ts';
import { type Exchange, reply, replyJson } from './exchange.ts';
import { entityTag, objectHeaders } from './media.ts';
import { objectResource } from './object-version.ts';
import { isPacked } from './request-body.ts';
import type { Session } from './resumable-sessions.ts';

/** Answers a request that began a session with the address that takes its bytes. */
export function beginSession(x: Exchange, session: Session, status: 200 | 201): void {
  const location =
    session.api === 'json'
      ? `${x.baseUrl}/upload/storage/v1/b/${session.bucket}/o?uploadType=resumable&name=${encodeURIComponent(session.name)}&upload_id=${session.id}`
      : `${x.baseUrl}/${session.bucket}/${encodeURIComponent(session.name)}?upload_id=${session.id}`;
  reply(x, status, { Location: location, 'X-GUploader-UploadID': session.id });
}

/** PUT (or POST, as some clients do) brings bytes or asks how many arrived; DELETE cancels. */
export async function continueSession(x: Exchange): Promise<void> {
  const session = x.sessions.get(x.query.get('upload_id') ?? '');
  x.replyHeaders['X-GUploader-UploadID'] = session.id;
  if (x.method === 'DELETE') {
    await x.sessions.cancel(session.id);
    return reply(x, session.outcome?.kind === 'finished' ? 204 : 499);
  }
  if (x.method !== 'PUT' && x.method !== 'POST') {
    throw new StorageError(
      405,
      'methodNotAllowed',
      'MethodNotAllowed',
      'An upload session takes PUT and DELETE.',
    );
  }
  const late = Object.keys(x.req.headers).find((name) => name.startsWith('x-goog-meta-'));
  if (late && session.api === 'json')
    throw unsupported(`metadata that comes with the bytes (header ${late})`);
  const progress = await x.sessions.receive(session.id, {
    // The length of a packed body says nothing of the object's size.
    range: parseContentRange(
      x.req.headers['content-range'],
      isPacked(x.req.headers) ? undefined : x.req.headers['content-length'],
    ),
    body: x.body,
    claimed: parseGoogHash(x.req.headers['x-goog-hash']),
    cut: () => x.socket.destroy(),
  });
  if (progress.kind === 'incomplete') {
    const { persisted } = progress;
    const range = persisted > 0 ? { Range: `bytes=0-${persisted - 1}` } : {};
    // Go's HTTP library takes a 308 for a redirect, so its clients ask for another form.
    if (x.req.headers['x-guploader-no-308'] === 'yes') {
      return reply(x, 200, { ...range, 'X-Http-Status-Code-Override': '308' });
    }
    return reply(x, 308, range);
  }
  const { version } = progress;
  if (session.api === 'json')
    return replyJson(x, objectResource(session.bucket, session.name, version, x.baseUrl));
  reply(x, 200, { ETag: entityTag(version), ...objectHeaders(version) });
}
