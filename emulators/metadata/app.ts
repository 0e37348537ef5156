import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { type Identity, place } from './identity.ts';
import type { TokenSigner } from './token-signer.ts';

/** https://cloud.google.com/compute/docs/metadata/querying-metadata */
const flavor = { header: 'Metadata-Flavor', value: 'Google' } as const;
const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
const accessTokenSeconds = 3_599;

/** A directory of metadata, whose leaves are values. Its names are those of the paths below `/computeMetadata/v1/`. */
type Tree = { [name: string]: string | string[] | Tree };

/**
 * The metadata server of one machine, as Compute Engine and Cloud Run have it: what google-auth-library and gcp-metadata
 * ask at `GCE_METADATA_HOST`. Every request needs the header `Metadata-Flavor: Google`, so no web page can ask.
 */
export function createMetadataApp(identity: Identity, project: string, signer: TokenSigner): Hono {
  const tree = treeOf(identity, project);
  const app = new Hono();
  app.use(async (context, next) => {
    context.header(flavor.header, flavor.value);
    if (context.req.header('x-forwarded-for') !== undefined) {
      return context.text('Requests through a proxy are not answered.', 403);
    }
    // The root is what a client pings to see whether there is a metadata server.
    const isPing = context.req.path === '/';
    if (!isPing && context.req.header(flavor.header) !== flavor.value) {
      return context.text('Missing Metadata-Flavor:Google header.', 403);
    }
    return next();
  });
  app.get('/', (context) => context.text('computeMetadata/\n'));
  const account = '/computeMetadata/v1/instance/service-accounts/:account';
  app.get(`${account}/token`, (context) => {
    if (!isAccount(context, identity)) return context.notFound();
    // Emulators take any access token.
    const token = {
      access_token: `local-${randomUUID()}`,
      expires_in: accessTokenSeconds,
      token_type: 'Bearer',
    };
    return context.json(token);
  });
  app.get(`${account}/identity`, async (context) => {
    if (!isAccount(context, identity)) return context.notFound();
    const audience = context.req.query('audience');
    if (!audience) return context.text('non-empty audience parameter required', 400);
    return context.text(await signer.identityToken(identity.account, audience));
  });
  app.get('/computeMetadata/v1/*', (context) => {
    const steps = context.req.path.split('/').slice(3).filter(Boolean);
    const found = steps.reduce<Tree[string] | undefined>(step, tree);
    if (found === undefined) return context.notFound();
    if (context.req.query('recursive') === 'true' || context.req.query('alt') === 'json') {
      return context.json(found);
    }
    return context.text(typeof found === 'string' ? found : listOf(found));
  });
  app.notFound((context) => context.text('Not found.', 404));
  return app;
}

function isAccount(context: Context, { account }: Identity): boolean {
  const asked = context.req.param('account');
  return asked === 'default' || asked === account.email;
}

function step(from: Tree[string] | undefined, name: string): Tree[string] | undefined {
  if (from === undefined || typeof from === 'string' || Array.isArray(from)) return undefined;
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

/** A directory is listed one name a line, and the names of directories end with a slash. */
function listOf(entries: string[] | Tree): string {
  const lines = Array.isArray(entries)
    ? entries
    : Object.entries(entries).map(([name, entry]) =>
        typeof entry === 'string' || Array.isArray(entry) ? name : `${name}/`,
      );
  return lines.map((line) => `${line}\n`).join('');
}

function treeOf({ kind, id, name, account }: Identity, project: string): Tree {
  const { projectNumber, region, zone } = place;
  const described = { aliases: ['default'], email: account.email, scopes };
  const accounts = { default: described, [account.email]: described };
  // A service's zone has a number in place of a letter.
  const own = kind === 'vm' ? zone : `${region}-1`;
  return {
    instance: {
      id,
      ...(name === null
        ? { region: `projects/${projectNumber}/regions/${region}` }
        : { name, hostname: `${name}.${zone}.c.${project}.internal`, attributes: {}, preempted: 'FALSE' }),
      zone: `projects/${projectNumber}/zones/${own}`,
      'service-accounts': accounts,
    },
    project: { 'project-id': project, 'numeric-project-id': projectNumber },
    universe: { 'universe-domain': 'googleapis.com' },
  };
}
