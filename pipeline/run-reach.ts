import type { RunReach } from '@spillway/core/run-reach.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import type { Settings } from './ports/ports.ts';

/** What `SPILLWAY_RUN_URL` says. */
export function runReachOf({ SPILLWAY_RUN_URL }: { SPILLWAY_RUN_URL?: string | undefined }): RunReach {
  if (SPILLWAY_RUN_URL === undefined) return { kind: 'jobs' };
  if (SPILLWAY_RUN_URL === 'none') return { kind: 'none' };
  return { kind: 'pictures', url: SPILLWAY_RUN_URL };
}

/** Settings of routing as they are in force here: without a Cloud Run there are no instances of it. */
export function routingWithin(routing: RoutingSettings, reach: RunReach): RoutingSettings {
  return reach.kind === 'none' ? { ...routing, run: { ...routing.run, maxInstances: 0 } } : routing;
}

/** The settings in force here. What an admin has saved stays as it is. */
export function settingsWithin(settings: Settings, reach: RunReach): Settings {
  if (reach.kind !== 'none') return settings;
  return {
    ...settings,
    async routing() {
      return routingWithin(await settings.routing(), reach);
    },
  };
}
