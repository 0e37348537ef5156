import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnosis, diagnose } from '@spillway/core/diagnosis/diagnosis.ts';
import type { SetupFinding } from '@spillway/core/diagnosis/system-reading.ts';
import { messageOf } from '@spillway/core/errors.ts';
import { type BaseConfig, baseConfigSchema, databaseOf, parseConfig } from '@spillway/pipeline/config.ts';
import { ConfigError } from '@spillway/pipeline/config-error.ts';
import { createPorts } from '@spillway/pipeline/create-ports.ts';
import { failingParts, type PartsFile, readPartsFile } from '@spillway/pipeline/parts-file.ts';
import type { AppPorts, Log } from '@spillway/pipeline/ports/ports.ts';
import { inTime } from '@spillway/pipeline/preflight.ts';
import { readSystem } from '@spillway/pipeline/read-system.ts';
import { environmentOf, readStackFileAt, stackFileName } from '@spillway/pipeline/stack-file.ts';
import { dataFolderAt } from '@spillway/serve/data-folder.ts';
import { machineEnvironment } from '@spillway/serve/environment.ts';
import { printable, printableJson } from './arguments.ts';
import { diagnosisLines } from './doctor-report.ts';
import { type ExitCode, exitCodes } from './usage-error.ts';

export interface DoctorFlags {
  /** The data folder of a machine that runs everything; null where none is named. */
  data: string | null;
  /** The file of a local stack; null where none is named. */
  stack: string | null;
  /** The project of the cloud; null where none is named. */
  project: string | null;
  json: boolean;
}

type Environment = Record<string, string | undefined>;

/** A system that can be looked at: in words, and in the variables that its programs have. */
interface Subject {
  name: string;
  environment: Environment;
  /** What is wrong with it beside what its database tells. */
  findings: SetupFinding[];
}

/** Why a system cannot be looked at, and what to do, in one sentence or two. */
class CannotLookError extends Error {
  override readonly name = 'CannotLookError';
}

/** Milliseconds. */
const limits = { database: 5_000, reading: 60_000 } as const;
/** What adapters would log is among the answers, or does not matter for a look. */
const silent: Log = { info() {}, warn() {}, error() {} };
const code = {
  healthy: exitCodes.done,
  wrong: exitCodes.failed,
  not_looked_at: exitCodes.usage,
} as const satisfies Record<Diagnosis['verdict'], ExitCode>;

/**
 * `spillway doctor`: asks a running system an operator's questions, and prints what is wrong and what to do. Ends the
 * process, because Google's clients try for a minute to reach a service that is away.
 */
export async function doctorCommand(flags: DoctorFlags, environment: Environment): Promise<never> {
  const exitCode = await askDoctor(flags, environment);
  // What a slow reader has not taken yet would be lost.
  if (process.stdout.writableLength > 0) await once(process.stdout, 'drain');
  process.exit(exitCode);
}

/** The same, without the end of the process. */
export async function askDoctor(flags: DoctorFlags, environment: Environment): Promise<ExitCode> {
  try {
    const subject = await subjectOf(flags, environment);
    const diagnosis = await look(subject);
    print(subject, diagnosis, flags);
    return code[diagnosis.verdict];
  } catch (error) {
    if (!(error instanceof CannotLookError)) throw error;
    if (flags.json) console.log(printableJson({ verdict: 'not_looked_at', why: error.message }));
    else console.error(error.message.split('\n').map(printable).join('\n'));
    return exitCodes.usage;
  }
}

/** The machine, stack or project that is named, else that of the environment, else the local stack of this folder. */
async function subjectOf({ data, stack, project }: DoctorFlags, environment: Environment): Promise<Subject> {
  if (data !== null) return oneMachine(data, environment);
  if (stack !== null) return localStack(stack);
  if (project !== null) return ofEnvironment({ ...environment, SPILLWAY_PROJECT: project });
  if (environment.SPILLWAY_PROJECT) return ofEnvironment(environment);
  return localStack(join(environment.SPILLWAY_LOCAL_DIR ?? '.local', stackFileName));
}

async function localStack(path: string): Promise<Subject> {
  const stack = await readStackFileAt(path);
  if (stack === null) {
    throw new CannotLookError(
      `There is no local stack in ${path}: start one with npm start, name its file with --stack, or set SPILLWAY_PROJECT and the names of the buckets for a system elsewhere.`,
    );
  }
  const local = { ...environmentOf(stack), METADATA_SERVER_DETECTION: 'none' };
  return { name: `the local stack of ${path}`, environment: local, findings: [] };
}

async function oneMachine(data: string, environment: Environment): Promise<Subject> {
  const folder = dataFolderAt(data);
  const parts = await readPartsFile(folder.parts);
  if (parts === null) {
    throw new CannotLookError(
      `No Spillway runs in ${folder.path}: start it with spillway serve --data ${folder.path}, or name another folder.`,
    );
  }
  if (!(await isCurrent(folder.database))) {
    throw new CannotLookError(
      `The database of ${folder.path} is of an older version of Spillway, and a look would change it. Use the doctor of that version, or start this version there first.`,
    );
  }
  const machine = machineEnvironment(folder, parts.storage, environment);
  const findings = machineFindings(parts, folder.path);
  return { name: `the Spillway in ${folder.path}`, environment: machine, findings };
}

/** What the supervisor of a machine says of its parts, and the storage server of its room. */
function machineFindings(parts: PartsFile, data: string): SetupFinding[] {
  const failing = failingParts(parts).map((name) => ({
    what: `The ${name} keeps ending and is started again.`,
    mend: `Look at the end of its log: ${join(data, 'logs', `${name}.log`)}, or the journal of the service.`,
  }));
  if (parts.refusal === null) return failing;
  const mend = 'Delete what is not needed, or choose other limits: spillway serve --min-free --max-stored';
  return [...failing, { what: parts.refusal, mend }];
}

/** A file of an earlier version would be changed when it is opened. */
async function isCurrent(database: string): Promise<boolean> {
  const { stateOf } = await import('@spillway/pipeline/embedded/backup.ts');
  try {
    return stateOf(database).kind === 'current';
  } catch (error) {
    throw new CannotLookError(messageOf(error));
  }
}

function ofEnvironment(environment: Environment): Subject {
  return { name: `the project ${environment.SPILLWAY_PROJECT}`, environment, findings: [] };
}

async function look({ name, environment, findings }: Subject): Promise<Diagnosis> {
  // Google's clients read the addresses of emulators from there.
  Object.assign(process.env, environment);
  const ports = await openPorts(name, configOf(environment));
  await requireDatabase(name, ports);
  try {
    const reading = await inTime(readSystem(ports), limits.reading);
    const { setup } = reading;
    return diagnose({ ...reading, setup: { ...setup, findings: [...findings, ...setup.findings] } });
  } catch (error) {
    throw new CannotLookError(`The doctor cannot look at ${name}. ${messageOf(error)}`);
  }
}

/** The doctor makes nothing: a program that finds no file would begin a database there. */
async function openPorts(name: string, config: BaseConfig): Promise<AppPorts> {
  const file = databaseOf(config);
  if (file !== null && !existsSync(file)) {
    throw new CannotLookError(`The doctor cannot look at ${name}. There is no database ${file}.`);
  }
  return createPorts(config, silent, 'calls').catch((error: unknown) => {
    throw new CannotLookError(`The doctor cannot look at ${name}. ${messageOf(error)}`);
  });
}

function configOf(environment: Environment): BaseConfig {
  try {
    // Nothing is written, so there are no metrics.
    return parseConfig(baseConfigSchema, { ...environment, SPILLWAY_METRICS: 'off' });
  } catch (error) {
    if (error instanceof ConfigError) throw new CannotLookError(error.message);
    throw error;
  }
}

/** Everything else is in the database, so one sentence says why it cannot be read. */
async function requireDatabase(name: string, { preflight, engine }: AppPorts): Promise<void> {
  const database = engine === 'google' ? 'Firestore' : 'The database';
  for (const kind of ['credentials', 'database'] as const) {
    const finding = await inTime(preflight.examine({ kind }), limits.database).catch((error: unknown) => {
      throw new CannotLookError(`${database} of ${name} does not answer. Does it run? ${messageOf(error)}`);
    });
    if (finding) {
      throw new CannotLookError(
        `The doctor cannot look at ${name}. ${finding.what} Mend it with: ${finding.mend}`,
      );
    }
  }
}

function print({ name }: Subject, diagnosis: Diagnosis, { json }: DoctorFlags): void {
  if (json) console.log(printableJson({ system: name, ...diagnosis }));
  else console.log([`Looked at ${printable(name)}.`, '', ...diagnosisLines(diagnosis)].join('\n'));
}
