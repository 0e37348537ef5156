import { randomUUID } from 'node:crypto';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { accountOf, type Identity, serviceIdentity, vmIdentity } from './identity.ts';
import { type LocalServer, startCertificateServer, startMetadataServer } from './server.ts';
import { type Account, certificatesOf, createTokenSigner, makeTokenKey } from './token-signer.ts';

/** The accounts whose tokens calls carry: for each of Google's services that calls, one (`terraform/accounts.tf`). */
export interface Callers {
  /** Of Pub/Sub's pushes to the Cloud Run worker. */
  pusher: Account;
  /** Of Eventarc's deliveries to the routing function. */
  events: Account;
  /** Of Cloud Scheduler's calls of sweep and search. */
  scheduler: Account;
}

/** The identities that the local cloud gives to its programs, from the start of the stack to its end. */
export interface Identities {
  /** Signs tokens. For the parts that stand in for Google's infrastructure, and for no program. */
  tokenKey: string;
  callers: Callers;
  /** Where tokens are verified with: the URL of the public keys in PEM, by their ids. */
  certificatesUrl: string;
  /** The address of each program's metadata server (`GCE_METADATA_HOST`), by the name of its part. */
  metadataHosts: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts the metadata servers of the programs that run as long as the stack does, and the server of certificates. */
export async function startIdentities(project: string, vms: number, log: Log): Promise<Identities> {
  const tokenKey = await makeTokenKey();
  const signer = await createTokenSigner(tokenKey);
  const run = randomUUID();
  const parts: Record<string, Identity> = {
    functions: serviceIdentity('spillway-functions', project, run),
    web: serviceIdentity('spillway-web', project, run),
  };
  for (let index = 1; index <= vms; index++) parts[`vm-${index}`] = vmIdentity(`vm-${index}`, project, run);
  const certificates = await startCertificateServer(await certificatesOf(tokenKey), log);
  const servers: [part: string, server: LocalServer][] = await Promise.all(
    Object.entries(parts).map(async ([part, identity]) => [
      part,
      await startMetadataServer(identity, { project, signer, log }),
    ]),
  );
  return {
    tokenKey,
    callers: {
      pusher: accountOf('spillway-pusher', project),
      events: accountOf('spillway-events', project),
      scheduler: accountOf('spillway-scheduler', project),
    },
    certificatesUrl: `http://${certificates.host}/oauth2/v1/certs`,
    metadataHosts: Object.fromEntries(servers.map(([part, { host }]) => [part, host])),
    async close() {
      await Promise.all([certificates, ...servers.map(([, server]) => server)].map((each) => each.close()));
    },
  };
}
