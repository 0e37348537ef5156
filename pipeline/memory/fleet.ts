import { type Control, controlSchema, type Heartbeat } from '@spillway/core/heartbeat.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Clock } from '../ports/ports.ts';

/** Heartbeats and controls in this process's memory. A heartbeat that was handed in must not be changed afterwards. */
export function createMemoryFleet(clock: Clock): Fleet {
  const beats = new Map<string, { heartbeat: Heartbeat; at: Date }>();
  const controls = new Map<string, Control>();
  const watchers = new Set<(workers: Heartbeat[]) => void>();
  return {
    read() {
      const readAt = clock.now();
      const workers = [...beats.values()].map(({ heartbeat, at }) => ({
        ...heartbeat,
        ageMs: readAt.getTime() - at.getTime(),
      }));
      return { workers, readAt, ignored: 0 };
    },
    beat(heartbeat) {
      beats.set(heartbeat.id, { heartbeat, at: clock.now() });
      for (const watcher of watchers) watcher([heartbeat]);
    },
    removeExpired() {
      const now = clock.now();
      for (const [id, { heartbeat }] of beats) if (heartbeat.expiresAt < now) beats.delete(id);
    },
    control(worker) {
      return controls.get(worker) ?? controlSchema.parse({});
    },
    controls() {
      return new Map([...controls].filter(([, { drain, pause }]) => drain || pause !== null));
    },
    changeControl(worker, change) {
      controls.set(worker, controlSchema.parse({ ...controls.get(worker), ...change }));
    },
    watch(onChange) {
      watchers.add(onChange);
      queueMicrotask(() => onChange([...beats.values()].map(({ heartbeat }) => heartbeat)));
      return { stop: () => void watchers.delete(onChange) };
    },
  };
}
