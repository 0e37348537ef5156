import { readStorageEvent } from '../gcp/storage-event.ts';
import type { Ports } from '../ports/ports.ts';

/** Ports whose consumer reads the events of Cloud Storage, whatever the other ports are. */
export function withGoogleEvents<Given extends Ports>(ports: Given) {
  return { ...ports, consumer: { readStorageEvent } };
}
