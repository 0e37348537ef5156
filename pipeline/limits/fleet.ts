import { controlSchema } from '@spillway/core/heartbeat.ts';
import { isDocumentId } from '@spillway/core/text.ts';
import type { Fleet } from '../ports/fleet.ts';
import { requireStorable } from './document.ts';

/**
 * A fleet whose workers have names that Firestore can hold. A worker without such a name has no control
 * document.
 */
export function limitedFleet<Port extends Fleet>(fleet: Port): Port {
  return {
    ...fleet,
    async beat(heartbeat) {
      requireStorable('workers', heartbeat.id, heartbeat);
      await fleet.beat(heartbeat);
    },
    async control(worker) {
      return isDocumentId(worker) ? fleet.control(worker) : controlSchema.parse({});
    },
    async changeControl(worker, change) {
      requireStorable('controls', worker, change);
      await fleet.changeControl(worker, change);
    },
  };
}
