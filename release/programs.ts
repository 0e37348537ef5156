const mebibyte = 1_024 * 1_024;

/** A program as it is deployed: a folder with everything but npm's packages, which its lock file names. */
export interface Program {
  name: string;
  /** The TypeScript file of each program in the folder, from the root of the repository, by the name of its JavaScript. */
  entries: { main: string } & Record<string, string>;
  /** Files and folders that are copied beside the JavaScript: from the root of the repository, to the folder. */
  files: Record<string, string>;
  limits: ProgramLimits;
}

/** A program that grows past these was given something that it should not carry, such as libraries for GPUs. Bytes. */
export interface ProgramLimits {
  /** As `npm run build` writes it. */
  folder: number;
  /** With the packages that `npm ci --omit=dev` installs on Linux. */
  installed: number;
}

const licence = { LICENSE: 'LICENSE' };
const builtInModels = {
  'models/built-in/captioner': 'built-in/captioner',
  'models/built-in/salient.onnx': 'built-in/salient.onnx',
};

/** What runs operations. It carries the command line, by which an image gets its models. */
const worker = {
  files: { ...licence, ...builtInModels, 'cli/NOTICE': 'NOTICE' },
  limits: { folder: 48 * mebibyte, installed: 260 * mebibyte },
};
const command = 'cli/spillway.ts';
/** Without the commands that start other programs. */
const commandOfImage = 'cli/in-image.ts';
const pages = { 'web/dist': 'dist' };

export const programs = {
  /** Route, sweep, and the search for lost uploads: one program with three entry points. */
  functions: {
    name: 'functions',
    entries: { main: 'functions/main.ts' },
    files: licence,
    limits: { folder: mebibyte, installed: 120 * mebibyte },
  },
  'vm-worker': {
    name: 'vm-worker',
    entries: { main: 'vm-worker/main.ts', spillway: commandOfImage },
    ...worker,
  },
  'cloudrun-worker': {
    name: 'cloudrun-worker',
    entries: { main: 'cloudrun-worker/main.ts', spillway: commandOfImage },
    ...worker,
  },
  /** Pages and API, of visitors and of admins. */
  site: {
    name: 'site',
    entries: { main: 'web/server.ts' },
    files: { ...licence, ...pages },
    limits: { folder: 6 * mebibyte, installed: 120 * mebibyte },
  },
  /** All that one machine needs: the command, and what `spillway serve` supervises. */
  'one-machine': {
    name: 'one-machine',
    entries: { main: command },
    files: { ...worker.files, ...pages },
    limits: { folder: 50 * mebibyte, installed: 270 * mebibyte },
  },
} as const satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;
export const programNames = Object.keys(programs) as ProgramName[];
