import { File } from '@google-cloud/storage';
import { allowClientListeners } from '../gcp/download-listeners.ts';

/** Tests use the plain client, as integrators do: its downloads are let have their listeners, as ours are. */
const { createReadStream } = File.prototype;
File.prototype.createReadStream = function (options) {
  return allowClientListeners(createReadStream.call(this, options));
};
