import { createHash } from 'node:crypto';
import type { Account } from './token-signer.ts';

/** The local project's number and place. Google gives a number to every project. */
export const place = { projectNumber: '123456789012', region: 'us-central1', zone: 'us-central1-a' } as const;

/** What a metadata server says of the machine that asks it. */
export interface Identity {
  /** A VM has a name and its zone. Instances of services have no name. */
  kind: 'vm' | 'service';
  /** Decimal for a VM, hexadecimal for an instance of a service. */
  id: string;
  /** A VM's name. */
  name: string | null;
  account: Account;
}

/** The service account of a part: `<part>@<project>.iam.gserviceaccount.com`. */
export function accountOf(part: string, project: string): Account {
  return {
    email: `${part}@${project}.iam.gserviceaccount.com`,
    uniqueId: digitsOf(`account ${part}`, 21),
  };
}

/** @param run Differs between two starts of the stack: a VM keeps its name, and a new VM has a new id. */
export function vmIdentity(name: string, project: string, run: string): Identity {
  return {
    kind: 'vm',
    id: digitsOf(`vm ${name} ${run}`, 19),
    name,
    account: accountOf('spillway-vm', project),
  };
}

/** @param instance Random, and new for each instance. */
export function serviceIdentity(part: string, project: string, instance: string): Identity {
  const id = createHash('sha512').update(`service ${part} ${instance}`).digest('hex');
  return { kind: 'service', id, name: null, account: accountOf(part, project) };
}

/** Digits that are always the same for the same text. The first is not 0. */
function digitsOf(text: string, count: number): string {
  const number = BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
  return `1${(number % 10n ** BigInt(count - 1)).toString().padStart(count - 1, '0')}`;
}
