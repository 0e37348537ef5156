import type { protos, RevisionsClient, ServicesClient } from '@google-cloud/run';
import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import type { MinimumChange, RunService } from '../ports/run-service.ts';
import { channelCheck } from './channel-check.ts';
import { emulatorEndpoint } from './emulator-endpoint.ts';
import { asServiceError, codeOf } from './outages.ts';
import { describeService, isFailed, shortName, trafficOf } from './run-description.ts';

type Service = protos.google.cloud.run.v2.IService;
/** A change that goes on after it was taken. */
interface Update {
  promise(): Promise<unknown>;
  latestResponse: { error?: unknown };
}

/** A call that takes longer is given up, in milliseconds, and none is repeated: the next one follows soon. */
const call = { timeout: 10_000, retry: null } as const;
/** How long the end of a change is waited for, and how often it is asked about. Milliseconds. */
const waiting = {
  initialRetryDelayMillis: 250,
  retryDelayMultiplier: 1.5,
  maxRetryDelayMillis: 2_000,
  totalTimeoutMillis: 20_000,
};
/**
 * The field that changes, by its name in the protocol buffers. Cloud Run ignores a path that it does not know, as
 * `scaling.minInstanceCount`, and replaces the whole service.
 * @see https://github.com/temporalio/temporal-auto-scaled-workers/pull/77
 * @see https://github.com/googleapis/google-cloud-python/issues/14259
 */
const updateMask = { paths: ['scaling.min_instance_count'] };
/** More revisions than this have no traffic in practice. */
const mostRevisions = 10;
/** Tries of a change that somebody else's change got in between. */
const mostTries = 3;

/** @see https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const grpc = { notFound: 5, permissionDenied: 7, aborted: 10 } as const;

export interface CloudRunService extends RunService {
  close(): Promise<void>;
}

interface Clients {
  services: ServicesClient;
  revisions: RevisionsClient;
}

/**
 * A service of Cloud Run by Cloud Run's Admin API. The client is loaded at the first call, because most programs make
 * none.
 * @param name `projects/…/locations/…/services/…`.
 * @param emulator Host and port of a stand-in, without TLS.
 * @see https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2
 */
export function createCloudRunService(name: string, emulator: string | undefined): CloudRunService {
  let opening: Promise<Clients> | null = null;

  function clients(): Promise<Clients> {
    opening ??= openClients(emulator);
    return opening;
  }

  async function read(): Promise<Service> {
    return (await (await clients()).services.getService({ name }, call))[0];
  }

  async function revisionsOf(service: Service): Promise<protos.google.cloud.run.v2.IRevision[]> {
    const { revisions } = await clients();
    const shares = [...trafficOf(service)].sort(([, a], [, b]) => b - a).map(([revision]) => revision);
    const newest = shortName(service.latestCreatedRevision ?? '');
    const names = [...new Set([...shares, newest])].filter((each) => each !== '').slice(0, mostRevisions);
    const read = names.map(async (each) => {
      try {
        return (await revisions.getRevision({ name: `${name}/revisions/${each}` }, call))[0];
      } catch (error) {
        // It was deleted in between.
        if (codeOf(error) === grpc.notFound) return null;
        throw error;
      }
    });
    return (await Promise.all(read)).filter((revision) => revision !== null);
  }

  async function change(count: number, triesLeft: number): Promise<MinimumChange> {
    const { scaling, etag, terminalCondition } = await read();
    const before = scaling?.minInstanceCount ?? 0;
    if (before === count) {
      refuseFailed(terminalCondition);
      return { kind: 'unchanged' };
    }
    try {
      const service = { name, scaling: { minInstanceCount: count }, ...(etag ? { etag } : {}) };
      const options = { ...call, longrunning: waiting };
      const [update] = await (await clients()).services.updateService({ service, updateMask }, options);
      return { kind: (await hasEnded(update)) ? 'done' : 'under_way', before };
    } catch (error) {
      if (codeOf(error) === grpc.aborted && triesLeft > 1) return change(count, triesLeft - 1);
      throw error;
    }
  }

  return {
    async describe() {
      try {
        const service = await read();
        return describeService(service, await revisionsOf(service));
      } catch (error) {
        throw asRunError(name, error, 'describe', 'roles/run.viewer');
      }
    },
    async setMinimumInstances(count) {
      try {
        return await change(count, mostTries);
      } catch (error) {
        const rights = 'run.services.get, run.services.update and, on its account, iam.serviceAccounts.actAs';
        throw asRunError(name, error, `keep ${count} instances of`, rights);
      }
    },
    async close() {
      const open = await opening;
      await Promise.all([open?.services.close(), open?.revisions.close()]);
    },
  };
}

/** False where it is still under way, or where this program cannot see that. Throws how it failed. */
async function hasEnded(update: Update): Promise<boolean> {
  try {
    await update.promise();
    return true;
  } catch (error) {
    if (update.latestResponse.error) throw error;
    // The change itself was taken: only the look at it has failed.
    return false;
  }
}

/** What is set is not what is so: Cloud Run could not start the instances, or has another trouble with the service. */
function refuseFailed(condition: Service['terminalCondition']): void {
  if (condition && isFailed(condition)) {
    throw new OutageError(`Cloud Run says that the service is not ready: ${condition.message}`);
  }
}

/** The failure of a call in words that say what to mend. */
function asRunError(name: string, error: unknown, operation: string, rights: string): unknown {
  const whole = `${operation} ${name}`;
  switch (codeOf(error)) {
    case grpc.permissionDenied:
      return asServiceError(
        'Cloud Run',
        error,
        `${whole} (give the account of this program ${rights} on that service)`,
      );
    case grpc.notFound:
      return new RefusedError(
        `Cloud Run has no service ${name}: SPILLWAY_RUN_SERVICE has to name the worker's service.`,
        { cause: error, scope: 'service' },
      );
    case grpc.aborted:
      return new OutageError(
        `Cloud Run did not ${whole}: somebody else changes the service at the same time.`,
        {
          cause: error,
        },
      );
    default: {
      const known = asServiceError('Cloud Run', error, whole);
      // An answer that nobody expects here, such as a value that contradicts another one.
      return known === error && codeOf(error) !== undefined
        ? new RefusedError(`Cloud Run refused to ${whole}: ${String(error)}`, { cause: error })
        : known;
    }
  }
}

async function openClients(emulator: string | undefined): Promise<Clients> {
  const { RevisionsClient, ServicesClient } = await import('@google-cloud/run');
  const endpoint = emulator === undefined ? {} : await emulatorEndpoint(emulator);
  const options = { ...channelCheck('calls'), ...endpoint };
  return { services: new ServicesClient(options), revisions: new RevisionsClient(options) };
}
