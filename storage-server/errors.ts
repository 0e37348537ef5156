/** A refusal that reaches the client, in whichever of the two error formats its API speaks. */
export class StorageError extends Error {
  readonly status: number;
  /** `reason` of the JSON API, for example `conditionNotMet`. */
  readonly reason: string;
  /** `Code` of the XML API, for example `PreconditionFailed`. */
  readonly xmlCode: string;

  constructor(status: number, reason: string, xmlCode: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.xmlCode = xmlCode;
  }
}

export const invalid = (message: string): StorageError =>
  new StorageError(400, 'invalid', 'InvalidArgument', message);

export const tooLarge = (message: string): StorageError =>
  new StorageError(413, 'uploadTooLarge', 'EntityTooLarge', message);

export const bucketNotFound = (): StorageError =>
  new StorageError(404, 'notFound', 'NoSuchBucket', 'The specified bucket does not exist.');

export const objectNotFound = (bucket: string, name: string): StorageError =>
  new StorageError(404, 'notFound', 'NoSuchKey', `No such object: ${bucket}/${name}`);

export const conditionNotMet = (): StorageError =>
  new StorageError(
    412,
    'conditionNotMet',
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold.',
  );

export const unsupported = (what: string): StorageError =>
  new StorageError(501, 'notImplemented', 'NotImplemented', `The local storage server has no ${what}.`);

/** Body of an error answer of the JSON API, as the clients parse it. */
export function jsonErrorBody(error: StorageError): string {
  const { status: code, message, reason } = error;
  return JSON.stringify({ error: { code, message, errors: [{ message, domain: 'global', reason }] } });
}

/** Body of an error answer of the XML API. */
export function xmlErrorBody(error: StorageError): string {
  const message = error.message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${error.xmlCode}</Code><Message>${message}</Message></Error>`;
}
