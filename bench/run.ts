interface BenchOptions {
  json: boolean;
  likeCloud: boolean;
  embedded: boolean;
  compare: boolean;
  stack: boolean;
  /** Names of figures. */
  only: string[];
  /** What `--name=value` says, by name. */
  values: Map<string, string>;
}

/** `node bench/run.ts <name> [--json]` runs one benchmark. Only its code is loaded. */
const benchmarks: Record<string, () => Promise<(options: BenchOptions) => Promise<unknown>>> = {
  operations: async () => (await import('./operations.ts')).operations,
  slots: async () => (await import('./slots.ts')).slots,
  pipeline: async () =>
    flags.includes('--no-op')
      ? (await import('./no-op-pipeline.ts')).noOpPipeline
      : (await import('./pipeline.ts')).pipeline,
  burst: async () => (await import('./burst.ts')).burst,
  distance: async () => (await import('./distance.ts')).distance,
  checksum: async () => (await import('./checksum.ts')).checksum,
  recovery: async () => (await import('./recovery.ts')).recovery,
  idle: async () => (await import('./idle.ts')).idle,
  embedded: async () => (await import('./embedded/main.ts')).embedded,
  drop: async () => (await import('./drop.ts')).drop,
  line: async () => (await import('./line/main.ts')).line,
  lost: async () => (await import('./lost.ts')).lost,
  'what-if': async () => (await import('./what-if.ts')).whatIf,
  workbench: async () => (await import('./workbench.ts')).workbench,
  archive: async () => (await import('./archive.ts')).archive,
  'page-weight': async () => (await import('./page-weight.ts')).pageWeight,
  dashboard: async () => (await import('./dashboard.ts')).dashboard,
  gallery: async () => (await import('./gallery/main.ts')).gallery,
};

const [name = '', ...flags] = process.argv.slice(2);
const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
const onlyPrefix = '--only=';
const ofOne: Record<string, string[]> = {
  pipeline: ['--like-cloud', '--no-op'],
  idle: ['--embedded'],
  line: ['--compare', '--stack'],
  embedded: ['readySeconds', 'noOp', 'sketches', 'idle', 'told', 'history', 'kills'].map(
    (part) => onlyPrefix + part,
  ),
};
/** Options that take a value. */
const valuesOf: Record<string, string[]> = {
  line: ['query', 'get', 'write', 'spread', 'load', 'claims', 'slots', 'jobs', 'seed'],
};
const known = ['--json', ...(ofOne[name] ?? [])];
const values = new Map(
  flags.flatMap((flag) => {
    const [, option = '', value = ''] = /^--(\w+)=([\d.,]+)$/.exec(flag) ?? [];
    return valuesOf[name]?.includes(option) ? [[option, value] as const] : [];
  }),
);
const isValue = (flag: string) => values.has(flag.slice(2).split('=', 1)[0] ?? '');
const unknownFlag = flags.find((flag) => !known.includes(flag) && !isValue(flag));
if (!load || unknownFlag) {
  if (unknownFlag) console.error(`Unknown option: ${unknownFlag}`);
  console.error(`Usage: npm run bench -- <${Object.keys(benchmarks).join(' | ')}> [--json]`);
  console.error(
    'pipeline takes --like-cloud, which measures such a stack beside the plain one, or --no-op: jobs',
  );
  console.error('a second, and processor time per job, of an operation that does nothing.');
  console.error("idle takes --embedded, in place of Google's emulators.");
  console.error(`embedded takes some of its figures alone: ${ofOne.embedded?.join(' ')}`);
  console.error(
    'line takes milliseconds, and lists of sizes: --query=20 --get=10 --write=30 --slots=8,32 --jobs=30,400',
  );
  console.error(
    'It takes --load=0.9, --compare, which shows other ways beside, and --stack, which takes the local stack.',
  );
  process.exit(2);
}
const run = await load();
await run({
  json: flags.includes('--json'),
  likeCloud: flags.includes('--like-cloud'),
  embedded: flags.includes('--embedded'),
  compare: flags.includes('--compare'),
  stack: flags.includes('--stack'),
  only: flags.flatMap((flag) => (flag.startsWith(onlyPrefix) ? [flag.slice(onlyPrefix.length)] : [])),
  values,
});
