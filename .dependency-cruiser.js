/** Who may import whom: core <- pipeline <- apps; core <- processing <- the workers; no app imports another app. */

const mayImport = (from, allowed, comment) => ({
  name: `${from.replaceAll('|', '-')}-imports`,
  comment,
  severity: 'error',
  from: { path: `^(${from})/`, pathNot: '[.]test[.]tsx?$|/testing/' },
  to: {
    path: '^(core|plugins|pipeline|models|processing|storage-server|supervisor|worker|functions|vm-worker|cloudrun-worker|spill|serve|web|emulators|simulator|tests|bench|release|cli)/',
    pathNot: `^(${[from, ...allowed].join('|')})/`,
  },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    mayImport('core', [], 'core is pure: it imports nothing of ours.'),
    {
      name: 'core-is-pure',
      comment:
        'core has no I/O: of packages only zod, of Node only hashing (kept out of what browsers load).',
      severity: 'error',
      from: { path: '^core/', pathNot: '[.]test[.]ts$|/testing/' },
      to: { pathNot: '^core/|^node_modules/zod/|^(node:)?crypto$' },
    },
    mayImport('plugins', ['core'], 'Loading a plug-in takes core alone, so that every program can do it.'),
    mayImport('pipeline', ['core'], 'pipeline knows core alone.'),
    {
      name: 'use-cases-know-ports-only',
      comment: 'Use cases work over ports; which adapter is behind them is the apps’ choice.',
      severity: 'error',
      from: { path: '^pipeline/[^/]+[.]ts$', pathNot: '[.]test[.]ts$|/(json-log|create-ports)[.]ts$' },
      to: { path: '^pipeline/(gcp|embedded|memory)/|^node_modules/@google-cloud/' },
    },
    {
      name: 'programs-name-no-adapter',
      comment: 'Which adapter is behind a port is chosen in pipeline/create-ports.ts alone.',
      severity: 'error',
      from: {
        path: '^(functions|worker|vm-worker|cloudrun-worker|spill|web)/',
        pathNot: '[.]test[.]tsx?$|/test-[^/]+[.]ts$',
      },
      to: { path: '^pipeline/(gcp|embedded|memory)/|^node_modules/@google-cloud/(?!functions-framework)' },
    },
    {
      name: 'functions-know-no-framework',
      comment: 'Which framework serves the functions is chosen in functions/main.ts alone.',
      severity: 'error',
      from: { path: '^functions/', pathNot: '^functions/main[.]ts$|[.]test[.]ts$' },
      to: { path: '^node_modules/@google-cloud/' },
    },
    mayImport('models', ['core'], 'models knows core alone.'),
    mayImport(
      'processing',
      ['core', 'models', 'plugins'],
      'processing is handed to the pipeline as an argument.',
    ),
    mayImport('worker', ['core', 'pipeline', 'models', 'plugins', 'processing'], 'What both workers share.'),
    mayImport(
      'functions',
      ['core', 'pipeline', 'plugins'],
      'An app imports no other app, and no native code.',
    ),
    mayImport(
      'web',
      ['core', 'pipeline', 'plugins', 'simulator'],
      'An app imports no other app, and no native code.',
    ),
    mayImport(
      'simulator',
      ['core', 'pipeline', 'worker'],
      'The simulated world is production’s code between simulated services.',
    ),
    {
      name: 'web-asks-the-simulator-by-one-door',
      comment:
        'The site plays recorded arrivals in a thread; the rest of the simulator is for the command line.',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^simulator/(?!what-if/ask[.]ts$)' },
    },
    mayImport('vm-worker', ['core', 'pipeline', 'worker'], 'An app imports no other app.'),
    mayImport('cloudrun-worker', ['core', 'pipeline', 'worker'], 'An app imports no other app.'),
    mayImport('spill', ['core', 'pipeline', 'worker'], 'An app imports no other app.'),
    mayImport(
      'storage-server',
      ['core', 'pipeline'],
      'The storage server knows the pipeline’s checksums, logs and queue.',
    ),
    mayImport('supervisor', ['core'], 'What starts programs takes their files, and none of their code.'),
    mayImport(
      'serve',
      ['core', 'pipeline', 'models', 'plugins', 'release', 'storage-server', 'supervisor'],
      'One machine’s programs are started by their files.',
    ),
    mayImport(
      'release',
      ['core'],
      'Making deliverables of the programs takes their files, and none of their code.',
    ),
    mayImport(
      'cli',
      ['core', 'models', 'plugins', 'processing', 'release', 'vm-worker', 'pipeline', 'serve', 'supervisor'],
      'The command runs operations here, and its doctor looks at a running system.',
    ),
    {
      name: 'one-command-is-a-worker',
      comment: 'Only `spillway vm-worker` loads the worker, and with it Google’s clients.',
      severity: 'error',
      from: { path: '^cli/', pathNot: '^cli/vm-worker-command[.]ts$' },
      to: { path: '^vm-worker/' },
    },
    {
      name: 'one-command-looks-at-the-cloud',
      comment: 'Only `spillway doctor` loads the pipeline, and with it Google’s clients.',
      severity: 'error',
      from: { path: '^cli/', pathNot: '^cli/doctor-command[.]ts$|[.]test[.]ts$|/testing/' },
      to: { path: '^pipeline/' },
    },
    {
      name: 'browser-code-stays-small',
      comment: 'Islands load core and the schemas of the API, never server code.',
      severity: 'error',
      from: { path: '^web/src/', pathNot: '[.]test[.]tsx?$' },
      to: {
        path: '^pipeline/|^plugins/|^web/(server|config)|^web/api/(?!schema[.]ts$|admin-schema[.]ts$|routing-schema[.]ts$|metrics-schema[.]ts$)|^core/job-id',
      },
    },
    {
      name: 'visitors-load-no-schemas-of-admins',
      comment:
        'A module of schemas is loaded whole, so those of admins are in files that pages of visitors never reach.',
      severity: 'error',
      from: { path: '^web/src/islands/(Upload|Shared)Page[.]tsx$' },
      to: { path: '^web/api/(admin|routing|metrics)-schema[.]ts$', reachable: true },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(astro:|virtual:)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|[.]astro|[.]local)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
