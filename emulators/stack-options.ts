import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { sharedBucket } from '@spillway/pipeline/config.ts';
import { type Engine, engines } from '@spillway/pipeline/stack-file.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65_535).optional();
const count = (fallback: number, least: number) => z.coerce.number().int().min(least).default(fallback);

const environmentSchema = z.object({
  PORT: port,
  SPILLWAY_FIRESTORE_PORT: port,
  SPILLWAY_PUBSUB_PORT: port,
  SPILLWAY_STORAGE_PORT: port,
  /** Folder of data, logs and `stack.json`. */
  SPILLWAY_LOCAL_DIR: z.string().default('.local'),
  /** The stack's buckets have fixed names. Equal names here are a mistake all the same. */
  SPILLWAY_UPLOADS_BUCKET: z.string().optional(),
  SPILLWAY_WEB_UPLOADS_BUCKET: z.string().optional(),
  SPILLWAY_RESULTS_BUCKET: z.string().optional(),
  SPILLWAY_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  SPILLWAY_OPERATIONS: z.string().default(''),
  SPILLWAY_DELETION: z.enum(['as_bucket', 'at_once']).default('as_bucket'),
});

/** Who tells the routing function of an upload. */
const eventSources = ['eventarc', 'bucket-notifications'] as const;

const flagsSchema = z.object({
  vms: count(2, 0),
  slots: count(1, 1),
  'run-max': count(3, 0),
  'like-cloud': z.boolean().default(false),
  built: z.boolean().default(false),
  events: z.enum(eventSources).default('eventarc'),
  engine: z.enum(engines).optional(),
  latency: z.coerce.number().min(0).max(10_000).optional(),
  reset: z.boolean().default(false),
  help: z.boolean().default(false),
});

/** What a person, or a test, may choose about the local stack. */
export interface StackOptions {
  /** What keeps documents and messages. Each engine has data of its own. */
  engine: Engine;
  /** VM workers. */
  vms: number;
  /** Jobs at a time on each VM. */
  slots: number;
  /** Most Cloud Run instances at once. */
  runMax: number;
  /**
   * Whether the stack also does what costs time on Google Cloud: instances have a limit of memory and, on Google's
   * engine, freeze between requests, and the services are some milliseconds away.
   */
  likeCloud?: boolean;
  /** Whether programs run as they are deployed: built, and installed outside of the repository. */
  built?: boolean;
  /** With `likeCloud`: from programs to Firestore, Pub/Sub and storage, each way. Default: 8. Milliseconds. */
  latencyMs?: number | undefined;
  /** Default: Eventarc, whose events are CloudEvents. A bucket's own notifications are messages of Pub/Sub. */
  events?: (typeof eventSources)[number];
  /** Forget the engine's data first. */
  reset: boolean;
  /** Absolute path of the directory for data, logs and `stack.json`. */
  directory: string;
  /**
   * Ports that must be used. The others have defaults, and move if those are taken. Those of Firestore and Pub/Sub mean
   * nothing on the embedded engine.
   */
  fixedPorts: { web?: number; firestore?: number; pubsub?: number; storage?: number };
  /** Any free ports instead of the defaults, so that stacks can run side by side. */
  anyPorts: boolean;
  /** Address of the site for browsers, if a proxy is in front of it. */
  publicUrl?: string | undefined;
  /** Plug-ins, as `SPILLWAY_OPERATIONS` names them. */
  operations?: string;
  /** Variables of every program, in place of this machine's. */
  environment?: Record<string, string>;
  /** For Node in every program of Spillway's own, such as a module to load first. */
  nodeArguments?: string[];
  /** Default: buckets keep deleted objects for 7 days, as new ones do. */
  deletion?: 'as_bucket' | 'at_once';
}

export const usage = `Usage: npm start -- [options]

  --vms N       VM workers (2)
  --slots N     jobs at a time on each VM (1)
  --run-max N   most Cloud Run instances at once (3)
  --like-cloud  instances have a limit of memory and, with google, freeze between requests; services are some
                milliseconds away
  --built       programs as they are deployed: built, and installed in an empty place
  --engine E    what keeps documents and messages: google, which needs Java and Google's emulators, or embedded, which
                needs nothing (google where it can run)
  --latency MS  with --like-cloud: how far the services are, each way (8)
  --events E    who tells of uploads: eventarc, or bucket-notifications (eventarc)
  --reset       forget all data of earlier runs on that engine first
  --help        this text

Ports: PORT (site), SPILLWAY_FIRESTORE_PORT, SPILLWAY_PUBSUB_PORT, SPILLWAY_STORAGE_PORT.
Data (data/ on Google's emulators, embedded/ on the other engine) and logs: .local/, or the directory that SPILLWAY_LOCAL_DIR names.`;

/** What a person asks for. The engine is null where that is left to what the machine has. */
export type AskedOptions = Omit<StackOptions, 'engine'> & { engine: Engine | null };

/** Reads command line and environment. Null if only the usage was asked for. Throws `StartError`. */
export function readStackOptions(
  args: string[],
  environment: Record<string, string | undefined>,
  root: string,
): AskedOptions | null {
  const flags = readFlags(args);
  if (flags.help) return null;
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) throw new StartError(`A setting is not valid.\n${z.prettifyError(parsed.error)}`);
  const { PORT, SPILLWAY_FIRESTORE_PORT, SPILLWAY_PUBSUB_PORT, SPILLWAY_STORAGE_PORT } = parsed.data;
  const shared = sharedBucket(parsed.data);
  if (shared !== null) throw new StartError(shared);
  return {
    engine: flags.engine ?? null,
    vms: flags.vms,
    slots: flags.slots,
    runMax: flags['run-max'],
    likeCloud: flags['like-cloud'],
    built: flags.built,
    latencyMs: flags.latency,
    events: flags.events,
    reset: flags.reset,
    directory: resolve(root, parsed.data.SPILLWAY_LOCAL_DIR),
    fixedPorts: {
      ...(PORT ? { web: PORT } : {}),
      ...(SPILLWAY_FIRESTORE_PORT ? { firestore: SPILLWAY_FIRESTORE_PORT } : {}),
      ...(SPILLWAY_PUBSUB_PORT ? { pubsub: SPILLWAY_PUBSUB_PORT } : {}),
      ...(SPILLWAY_STORAGE_PORT ? { storage: SPILLWAY_STORAGE_PORT } : {}),
    },
    anyPorts: false,
    publicUrl: parsed.data.SPILLWAY_PUBLIC_URL,
    operations: withFullPaths(parsed.data.SPILLWAY_OPERATIONS),
    deletion: parsed.data.SPILLWAY_DELETION,
  };
}

/** Programs may be started in other folders than this process. */
function withFullPaths(operations: string): string {
  const names = operations.split(',').map((name) => name.trim());
  return names.map((name) => (name !== '' && existsSync(name) ? resolve(name) : name)).join(',');
}

function readFlags(args: string[]): z.infer<typeof flagsSchema> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = {
      vms: text,
      slots: text,
      'run-max': text,
      'like-cloud': flag,
      built: flag,
      latency: text,
      events: text,
      engine: text,
      reset: flag,
      help: flag,
    };
    return flagsSchema.parse(parseArgs({ args, options }).values);
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new StartError(`${why}\n\n${usage}`);
  }
}
