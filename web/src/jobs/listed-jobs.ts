/** The list that an admin came from, in this tab: the page of a job leads to the one before and after it. */
interface ListedJobs {
  /** Address of the list, with its filters. */
  address: string;
  /** In the list's order. */
  ids: string[];
}

const key = 'spillway-listed-jobs';
/** More than anybody goes through one by one. */
const mostListed = 1_000;

/** Remembers what a list shows, before one of its jobs is opened. */
export function rememberListed(ids: readonly string[], address: string): void {
  const listed: ListedJobs = { address, ids: ids.slice(0, mostListed) };
  try {
    sessionStorage.setItem(key, JSON.stringify(listed));
  } catch {
    // A browser that keeps nothing shows no neighbours.
  }
}

export interface Neighbours {
  /** Address of the list. */
  list: string;
  /** Ids; null at the list's ends. */
  previous: string | null;
  next: string | null;
}

/** The neighbours of a job in the list that was shown last. Null where the job was not in it. */
export function listedNeighbours(id: string): Neighbours | null {
  const listed = readListed();
  const at = listed?.ids.indexOf(id) ?? -1;
  if (!listed || at < 0) return null;
  return { list: listed.address, previous: listed.ids[at - 1] ?? null, next: listed.ids[at + 1] ?? null };
}

function readListed(): ListedJobs | null {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null');
    return isListed(value) ? value : null;
  } catch {
    return null;
  }
}

function isListed(value: unknown): value is ListedJobs {
  const isObject = value !== null && typeof value === 'object' && 'address' in value && 'ids' in value;
  return (
    isObject &&
    typeof value.address === 'string' &&
    value.address.startsWith('/dashboard/') &&
    Array.isArray(value.ids) &&
    value.ids.every((each) => typeof each === 'string')
  );
}
