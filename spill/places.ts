import { type Background, startRecurring } from '@spillway/core/background.ts';
import { placesOf } from '@spillway/core/routing/push-state.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Pulling } from '@spillway/worker/pull-loop.ts';

/** As often as settings are read. Milliseconds. */
const everyMs = 5_000;

/** Jobs that Cloud Run works on at a time, as the settings have it now. Throws `OutageError`. */
export async function readPlaces({ settings }: Pick<Ports, 'settings'>): Promise<number> {
  return placesOf(await settings.routing());
}

/** Sends as many pictures at a time as routers count on, also after an admin has changed that. */
export function followPlaces(
  pulling: Pick<Pulling, 'resize'>,
  ports: Pick<Ports, 'settings' | 'timers' | 'log'>,
): Background {
  return startRecurring({
    everyMs,
    timers: ports.timers,
    round: async () => pulling.resize(await readPlaces(ports)),
    onError: (error) =>
      ports.log.warn({ error }, 'The limits of Cloud Run could not be read from the settings.'),
  });
}
