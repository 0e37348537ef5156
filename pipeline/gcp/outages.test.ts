import { OutageError, type RefusedError, StorageFullError } from '@spillway/core/errors.ts';
import { describe, expect, it } from 'vitest';
import { orOutage } from './outages.ts';

/** An error as Google's clients throw it: a code, words, and for Cloud Storage a list of reasons. */
function failure(code: number | string | undefined, message = '', reason?: string): Error {
  const error = new Error(message);
  return Object.assign(error, code === undefined ? {} : { code }, reason ? { errors: [{ reason }] } : {});
}

/** The words of gRPC where a token could not be had, and of the client where the machine has no account. */
const fromPlugin = 'Getting metadata from plugin failed with error: ';
const noAccount =
  'A Not Found error was returned while attempting to retrieve an accesstoken for the Compute Engine built-in service ' +
  'account. This may be because the Compute Engine instance does not ';

const caught = (error: Error) =>
  orOutage('The service', Promise.reject(error), 'create a job').catch((thrown: unknown) => thrown);

describe('a failed call', () => {
  it.each([
    failure(2, '2 UNKNOWN: Stream removed'),
    failure(4),
    failure(8),
    failure(10),
    failure(13),
    failure(14),
    failure(408),
    failure(429),
    failure(500),
    failure('503'),
    failure('ECONNRESET'),
    failure(9, '9 FAILED_PRECONDITION: The query requires an index. That index is currently building.'),
    failure(403, 'Too many requests', 'rateLimitExceeded'),
    failure(2, `2 UNKNOWN: ${fromPlugin}Could not refresh access token: network timeout`),
    failure(2, `2 UNKNOWN: ${fromPlugin}Could not refresh access token: Request failed with status code 503`),
    failure('500', 'Could not refresh access token: Request failed with status code 500'),
  ])('that may pass is an outage: %s', async (error) => {
    const thrown = await caught(error);
    expect(thrown).toBeInstanceOf(OutageError);
    expect(thrown).toHaveProperty('message', expect.stringContaining('The service did not create a job'));
  });

  it.each([
    failure(3, '3 INVALID_ARGUMENT: value for batch is too large to be used in a query'),
    failure(2, '2 UNKNOWN: Application error processing RPC'),
    failure(11),
    failure(undefined, 'Did not receive document for "jobs/a\ufffd".'),
    failure(undefined, 'Value for argument "documentPath" is not a valid resource path.'),
    failure(400),
    failure('413'),
  ])('of one value that is refused concerns that request alone: %s', async (error) => {
    expect(await caught(error)).toMatchObject({ name: 'RefusedError', scope: 'request', cause: error });
  });

  it.each([
    failure(7, '7 PERMISSION_DENIED: Missing or insufficient permissions.'),
    failure(16),
    failure(12),
    failure(5, '5 NOT_FOUND: The database (default) does not exist for project demo'),
    failure(5, '5 NOT_FOUND: Resource not found (resource=jobs-vm).'),
    failure(5, '5 NOT_FOUND: Subscription does not exist'),
    failure(9, '9 FAILED_PRECONDITION: The query requires an index.'),
    failure(401),
    failure(403, 'spillway does not have storage.objects.create access', 'forbidden'),
    failure(404, 'The specified bucket does not exist.'),
    failure('400', 'invalid_grant'),
    failure(undefined, 'Could not load the default credentials.'),
    failure(2, `2 UNKNOWN: ${fromPlugin}Could not load the default credentials.`),
    failure(404, `${noAccount}have any permission scopes specified: Could not refresh access token: 404`),
  ])('that a person has to mend concerns everything: %s', async (error) => {
    const thrown = await caught(error);
    expect(thrown).toMatchObject({ name: 'RefusedError', scope: 'service', cause: error });
    expect((thrown as RefusedError).message).toContain('create a job');
  });

  it('for want of room is an outage that says so', async () => {
    const thrown = await caught(failure(507, 'There is no room.'));
    expect(thrown).toBeInstanceOf(StorageFullError);
    expect(thrown).toBeInstanceOf(OutageError);
    expect((thrown as StorageFullError).message).toContain('There is no room.');
  });

  it.each([
    failure(5, '5 NOT_FOUND: No document to update: projects/demo/databases/(default)/documents/jobs/x'),
    failure(6),
    failure(9, '9 FAILED_PRECONDITION: the stored version (1) does not match the required base version (2)'),
    failure(404, 'No such object: uploads/cat.jpg'),
    failure(412),
    failure('ENOSPC', 'no space left on device'),
    failure(undefined, 'something else'),
  ])('that its caller knows, or that no service has said, stays as it is: %s', async (error) => {
    expect(await caught(error)).toBe(error);
  });
});
