import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Storage, TransferManager } from '@google-cloud/storage';

const runFile = promisify(execFile);
/** Only ends what hangs. Milliseconds. */
const patienceMs = 120_000;

/** Where a client finds the storage server, and a folder of its own for its settings. */
export interface StoragePlace {
  url: string;
  /** The port that speaks TLS. */
  tlsPort: number;
  scratch: string;
}

/** What people do with a bucket. `at` is `<bucket>/<object or prefix>`; a way that a client does not have is absent. */
interface ClientCommands {
  upload(file: string, at: string): Promise<unknown>;
  /** Uploads what is in a folder, with its folders, below a prefix. */
  uploadFolder?(folder: string, at: string): Promise<unknown>;
  /** Stored packed, with its Content-Encoding. */
  uploadPacked(file: string, at: string): Promise<unknown>;
  /** Packed for the way only. */
  uploadPackedForTheWay?(file: string, at: string): Promise<unknown>;
  /** Makes what is below a prefix equal to a folder, deletions included. */
  synchronize?(folder: string, at: string): Promise<unknown>;
  move(from: string, to: string): Promise<unknown>;
  remove(at: string): Promise<unknown>;
}

export interface StorageClient {
  name: string;
  /** Programs that it needs. */
  programs: string[];
  open(place: StoragePlace): Promise<ClientCommands>;
}

/** The programs of a client that are not on this machine. */
export function missingPrograms({ programs }: StorageClient): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const isThere = (program: string) =>
    folders.some((folder) => {
      try {
        accessSync(join(folder, program), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  return programs.filter((program) => !isThere(program));
}

const gs = (at: string) => `gs://${at}`;

/** Cloud SDK settings that keep a run apart from the machine's own, and from the network. */
const cloudSdk = (scratch: string) => ({
  CLOUDSDK_CONFIG: join(scratch, 'cloud-sdk'),
  CLOUDSDK_CORE_PROJECT: 'demo-clients',
  CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
  CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
  CLOUDSDK_CORE_CHECK_GCE_METADATA: 'false',
  CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
  CLOUDSDK_CORE_PASS_CREDENTIALS_TO_GSUTIL: 'false',
});

const runner =
  (program: string, environment: Record<string, string>, before: string[] = []) =>
  (...args: string[]) =>
    runFile(program, [...before, ...args], { env: { ...process.env, ...environment }, timeout: patienceMs });

const gcloud: StorageClient = {
  name: 'gcloud storage',
  programs: ['gcloud'],
  async open({ url, scratch }) {
    const run = runner(
      'gcloud',
      {
        ...cloudSdk(scratch),
        CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${url}/storage/v1/`,
        CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
      },
      ['storage'],
    );
    return {
      upload: (file, at) => run('cp', file, gs(at)),
      uploadFolder: (folder, at) => run('cp', '--recursive', `${folder}/*`, gs(`${at}/`)),
      uploadPacked: (file, at) => run('cp', '--gzip-local-all', file, gs(at)),
      uploadPackedForTheWay: (file, at) => run('cp', '--gzip-in-flight-all', file, gs(at)),
      synchronize: (folder, at) =>
        run('rsync', '--recursive', '--delete-unmatched-destination-objects', folder, gs(at)),
      move: (from, to) => run('mv', gs(from), gs(to)),
      remove: (at) => run('rm', '--recursive', gs(at)),
    };
  },
};

const gsutil: StorageClient = {
  name: 'gsutil',
  // It speaks TLS only, so the server needs a certificate.
  programs: ['gsutil', 'openssl'],
  async open({ tlsPort, scratch }) {
    const settings = join(scratch, 'boto');
    await writeFile(
      settings,
      [
        '[Boto]',
        'https_validate_certificates = False',
        '[Credentials]',
        'gs_json_host = 127.0.0.1',
        `gs_json_port = ${tlsPort}`,
        '[GSUtil]',
        'default_project_id = demo-clients',
        `state_dir = ${join(scratch, 'gsutil')}`,
        'software_update_check_period = 0',
        'use_gcloud_storage = False',
      ].join('\n'),
    );
    const run = runner('gsutil', { ...cloudSdk(scratch), BOTO_CONFIG: settings });
    return {
      upload: (file, at) => run('cp', file, gs(at)),
      uploadFolder: (folder, at) => run('cp', '-r', `${folder}/*`, gs(`${at}/`)),
      uploadPacked: (file, at) => run('cp', '-Z', file, gs(at)),
      uploadPackedForTheWay: (file, at) => run('cp', '-J', file, gs(at)),
      synchronize: (folder, at) => run('rsync', '-r', '-d', folder, gs(at)),
      move: (from, to) => run('mv', gs(from), gs(to)),
      remove: (at) => run('rm', '-r', gs(at)),
    };
  },
};

const rclone: StorageClient = {
  name: 'rclone',
  programs: ['rclone'],
  async open({ url, scratch }) {
    const run = runner('rclone', {
      RCLONE_CONFIG: join(scratch, 'rclone.conf'),
      RCLONE_CONFIG_GS_TYPE: 'google cloud storage',
      RCLONE_CONFIG_GS_ENDPOINT: `${url}/storage/v1/`,
      RCLONE_CONFIG_GS_ANONYMOUS: 'true',
      RCLONE_CONFIG_GS_PROJECT_NUMBER: 'demo-clients',
      // Buckets here have uniform access, with which Cloud Storage refuses the ACL that rclone sends otherwise.
      RCLONE_CONFIG_GS_BUCKET_POLICY_ONLY: 'true',
    });
    const remote = (at: string) => `gs:${at}`;
    return {
      upload: (file, at) => run('copyto', file, remote(at)),
      uploadFolder: (folder, at) => run('copy', folder, remote(at)),
      uploadPacked: async (file, at) =>
        run('copyto', '--header-upload', 'Content-Encoding: gzip', await packed(file, scratch), remote(at)),
      synchronize: (folder, at) => run('sync', folder, remote(at)),
      move: (from, to) => run('moveto', remote(from), remote(to)),
      remove: (at) => run('purge', remote(at)),
    };
  },
};

const curl: StorageClient = {
  name: 'curl',
  programs: ['curl'],
  async open({ url, scratch }) {
    const run = runner('curl', {}, ['--silent', '--show-error', '--fail']);
    const objectPath = (at: string) => {
      const [bucket = '', ...name] = at.split('/');
      return { bucket, name: encodeURIComponent(name.join('/')) };
    };
    return {
      upload: (file, at) => run('--upload-file', file, `${url}/${at}`),
      uploadPacked: async (file, at) =>
        run('--upload-file', await packed(file, scratch), '-H', 'Content-Encoding: gzip', `${url}/${at}`),
      uploadPackedForTheWay: async (file, at) => {
        const { bucket, name } = objectPath(at);
        const address = `${url}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${name}`;
        return run(
          '--data-binary',
          `@${await packed(file, scratch)}`,
          '-H',
          'Content-Encoding: gzip',
          address,
        );
      },
      move: (from, to) => {
        const source = objectPath(from);
        const path = `b/${source.bucket}/o/${source.name}/moveTo/o/${objectPath(to).name}`;
        return run('--request', 'POST', `${url}/storage/v1/${path}`);
      },
      remove: (at) => run('--request', 'DELETE', `${url}/${at}`),
    };
  },
};

const node: StorageClient = {
  name: 'the Node client',
  programs: [],
  async open({ url }) {
    const storage = new Storage({ apiEndpoint: url, projectId: 'demo-clients' });
    const place = (at: string) => {
      const [bucket = '', ...name] = at.split('/');
      return { bucket: storage.bucket(bucket), name: name.join('/') };
    };
    const upload = (file: string, at: string, gzip: boolean) => {
      const { bucket, name } = place(at);
      return bucket.upload(file, { destination: name, gzip });
    };
    return {
      upload: (file, at) => upload(file, at, false),
      uploadFolder: (folder, at) => {
        const { bucket, name } = place(at);
        const customDestinationBuilder = (path: string) => `${name}/${path.slice(folder.length + 1)}`;
        return new TransferManager(bucket).uploadManyFiles(folder, { customDestinationBuilder });
      },
      uploadPacked: (file, at) => upload(file, at, true),
      move: (from, to) => {
        const source = place(from);
        return source.bucket.file(source.name).move(place(to).name);
      },
      remove: (at) => {
        const { bucket, name } = place(at);
        return bucket.deleteFiles({ prefix: name });
      },
    };
  },
};

/** Every client that people drop files with. */
export const storageClients: StorageClient[] = [gcloud, gsutil, rclone, curl, node];

async function packed(file: string, scratch: string): Promise<string> {
  const path = join(scratch, 'packed.gz');
  await writeFile(path, gzipSync(await readFile(file)));
  return path;
}

/** A folder for the settings of one client. */
export async function scratchFolder(parent: string, { name }: StorageClient): Promise<string> {
  const folder = join(parent, name.replaceAll(' ', '-'));
  await mkdir(folder, { recursive: true });
  return folder;
}
