import { randomUUID } from 'node:crypto';
import {
  type handleUnaryCall,
  Server,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { z } from 'zod';
import { definitionsOf, type GoogleDefinitions, listenOn } from '../google-services.ts';

/** A service as the stand-in runs it, with one revision that has all requests. */
export interface AdministeredService {
  /** `projects/…/locations/…/services/…`. */
  name: string;
  revision: {
    name: string;
    createdAt: Date;
    /** As Kubernetes writes quantities. */
    cpu: string;
    memory: string;
    concurrency: number;
    timeoutSeconds: number;
    maxInstances: number;
  };
  /** Keeps that many instances started. Resolves when they are. */
  keep(instances: number): Promise<void>;
}

/** How the stand-in behaves: as the service does, for an account without rights, or like one that is not there. */
export type RunAdminMood =
  | 'answers'
  | 'denies'
  /** It changes services, and shows no operations. */
  | 'denies_operations'
  | 'has_no_quota'
  | 'is_silent';

export interface RunAdminServer {
  /** Host and port, for `CLOUD_RUN_EMULATOR_HOST`. */
  host: string;
  /** The minimum that is set. */
  readonly minInstances: number;
  /** Changes that were taken. */
  readonly changes: readonly number[];
  /** Reading and writing calls that have come. */
  readonly calls: number;
  mood: RunAdminMood;
  /** This number of reads from now on, somebody else changes the service right after each, as Terraform does. */
  changesBeside: number;
  stop(): Promise<void>;
}

const updateSchema = z.looseObject({
  service: z.looseObject({
    name: z.string(),
    etag: z.string().default(''),
    scaling: z.looseObject({ minInstanceCount: z.int().default(0) }).nullish(),
  }),
  updateMask: z.looseObject({ paths: z.array(z.string()) }).nullish(),
});
/** The only field that changes here. It has this name in the protocol buffers. */
const minimum = 'scaling.min_instance_count';

/** Older ones are forgotten. */
const mostOperations = 100;

type Status = { code: status; details: string };

class Refusal extends Error {
  readonly status: Status;

  constructor(code: status, details: string) {
    super(details);
    this.status = { code, details };
  }
}

interface Operation {
  name: string;
  done: boolean;
  error: Status | null;
  service: object;
}

/**
 * A stand-in for Cloud Run's Admin API on this machine, made from the protocol buffers of Google's own client. It shows
 * one service with its revision, and changes the minimum of its instances, which takes as long as they need to start.
 * It refuses what the API refuses: a minimum above the maximum, and a change of a service that has changed since it was
 * read. Like the API it ignores a path that it does not know, so that the whole service would be replaced.
 */
export async function startRunAdmin(service: AdministeredService, port = 0): Promise<RunAdminServer> {
  const state = {
    mood: 'answers' as RunAdminMood,
    calls: 0,
    minInstances: 0,
    generation: 1,
    underWay: 0,
    changesBeside: 0,
    problem: null as string | null,
  };
  const changes: number[] = [];
  const operations = new Map<string, Operation>();
  const { revision } = service;

  const etag = () => `"${state.generation}"`;
  const found = (name: string, kind: string, is: string) => {
    if (name === is) return;
    throw new Refusal(status.NOT_FOUND, `Resource '${name}' of kind '${kind}' does not exist.`);
  };

  function described(): object {
    const reconciling = state.underWay > 0;
    const settled = state.problem === null ? 'CONDITION_SUCCEEDED' : 'CONDITION_FAILED';
    const ready = {
      type: 'Ready',
      state: reconciling ? 'CONDITION_RECONCILING' : settled,
      message: state.problem ?? '',
    };
    return {
      name: service.name,
      generation: String(state.generation),
      etag: etag(),
      scaling: { minInstanceCount: state.minInstances, scalingMode: 'AUTOMATIC' },
      latestReadyRevision: revisionName(),
      latestCreatedRevision: revisionName(),
      trafficStatuses: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }],
      terminalCondition: ready,
      reconciling,
    };
  }

  function revisionName(): string {
    return `${service.name}/revisions/${revision.name}`;
  }

  function describedRevision(): object {
    const { createdAt, cpu, memory, concurrency, timeoutSeconds, maxInstances } = revision;
    return {
      name: revisionName(),
      service: service.name,
      createTime: { seconds: Math.floor(createdAt.getTime() / 1_000), nanos: 0 },
      maxInstanceRequestConcurrency: concurrency,
      timeout: { seconds: timeoutSeconds, nanos: 0 },
      scaling: { maxInstanceCount: maxInstances },
      containers: [{ ports: [{ containerPort: 8080 }], resources: { limits: { cpu, memory } } }],
      conditions: [{ type: 'Ready', state: 'CONDITION_SUCCEEDED' }],
    };
  }

  function update(request: unknown): Operation {
    const { service: wanted, updateMask } = updateSchema.parse(request);
    found(wanted.name, 'SERVICE', service.name);
    if (wanted.etag !== '' && wanted.etag !== etag()) {
      throw new Refusal(status.ABORTED, `Conflict for resource '${service.name}': version is ${etag()}.`);
    }
    if (!updateMask?.paths.includes(minimum)) {
      throw new Refusal(
        status.INVALID_ARGUMENT,
        'service.template.containers: at least one container is required.',
      );
    }
    const count = wanted.scaling?.minInstanceCount ?? 0;
    if (count < 0 || count > revision.maxInstances) {
      throw new Refusal(
        status.INVALID_ARGUMENT,
        `scaling.min_instance_count: must be from 0 to the maximum of ${revision.maxInstances}.`,
      );
    }
    return begin(count);
  }

  function begin(count: number): Operation {
    state.minInstances = count;
    state.generation++;
    state.underWay++;
    state.problem = null;
    changes.push(count);
    const operation: Operation = {
      name: `${service.name.replace(/\/services\/.*$/, '')}/operations/${randomUUID()}`,
      done: false,
      error: null,
      service: described(),
    };
    operations.set(operation.name, operation);
    for (const old of [...operations.keys()].slice(0, -mostOperations)) operations.delete(old);
    void service
      .keep(count)
      .catch((error: unknown) => {
        state.problem = String(error);
        operation.error = { code: status.RESOURCE_EXHAUSTED, details: state.problem };
      })
      .finally(() => {
        state.underWay--;
        operation.done = true;
        operation.service = described();
      });
    return operation;
  }

  function find(name: string): Operation {
    if (state.mood === 'denies_operations') {
      throw new Refusal(status.PERMISSION_DENIED, "Permission 'run.operations.get' denied.");
    }
    const operation = operations.get(name);
    if (!operation)
      throw new Refusal(status.NOT_FOUND, `Resource '${name}' of kind 'OPERATION' does not exist.`);
    return operation;
  }

  function answered<Request>(handle: (request: Request) => object): handleUnaryCall<Request, object> {
    return (call: ServerUnaryCall<Request, object>, callback: sendUnaryData<object>) => {
      state.calls++;
      switch (state.mood) {
        case 'is_silent':
          return;
        case 'denies':
          callback({
            code: status.PERMISSION_DENIED,
            details: "Permission 'run.services.get' denied on resource.",
          });
          return;
        case 'has_no_quota':
          callback({
            code: status.RESOURCE_EXHAUSTED,
            details: "Quota exceeded for quota metric 'Read requests' of service 'run.googleapis.com'.",
          });
          return;
        case 'answers':
        case 'denies_operations':
          try {
            callback(null, handle(call.request));
          } catch (error) {
            callback(
              error instanceof Refusal
                ? error.status
                : { code: status.INVALID_ARGUMENT, details: String(error) },
            );
          }
          return;
        default:
          state.mood satisfies never;
      }
    };
  }

  const server = new Server();
  const definitions = await definitionsOf('@google-cloud/run');
  const answer = (operation: Operation) => asMessage(operation, definitions);
  server.addService(definitions.service('google.cloud.run.v2.Services'), {
    getService: answered<{ name: string }>(({ name }) => {
      found(name, 'SERVICE', service.name);
      const read = described();
      if (state.changesBeside > 0) {
        state.changesBeside--;
        state.generation++;
      }
      return read;
    }),
    updateService: answered((request) => answer(update(request))),
  });
  server.addService(definitions.service('google.cloud.run.v2.Revisions'), {
    getRevision: answered<{ name: string }>(({ name }) => {
      found(name, 'REVISION', revisionName());
      return describedRevision();
    }),
  });
  server.addService(definitions.service('google.longrunning.Operations'), {
    getOperation: answered<{ name: string }>(({ name }) => answer(find(name))),
  });
  const host = await listenOn(server, port);
  return {
    host,
    changes,
    get minInstances() {
      return state.minInstances;
    },
    get calls() {
      return state.calls;
    },
    get mood() {
      return state.mood;
    },
    set mood(mood) {
      state.mood = mood;
    },
    get changesBeside() {
      return state.changesBeside;
    },
    set changesBeside(count) {
      state.changesBeside = count;
    },
    async stop() {
      server.forceShutdown();
    },
  };
}

/** `google.longrunning.Operation`, with the service in the form of its `Any`. */
function asMessage({ name, done, error, service }: Operation, { encode }: GoogleDefinitions): object {
  const content = {
    type_url: 'type.googleapis.com/google.cloud.run.v2.Service',
    value: encode('google.cloud.run.v2.Service', service),
  };
  if (!done) return { name, done, metadata: content };
  return error
    ? { name, done, metadata: content, error: { code: error.code, message: error.details } }
    : { name, done, metadata: content, response: content };
}
