import type { Ports } from '../ports/ports.ts';

/**
 * The same ports, with a count of the documents that are read through them, as Firestore bills: a document that is not
 * there and a query without a result are a read each, and a count is one for each thousand. Watches are counted by what they bring.
 */
export function countedReads<Given extends Ports>(
  ports: Given,
): { ports: Given; counted: { reads: number } } {
  const counted = { reads: 0 };
  const { feed, fleet, jobs, routerStates, settings, passedOver, metricsDocuments, audit } = ports;
  const add = (reads: number) => {
    counted.reads += Math.max(1, reads);
  };
  const one = <Value>(value: Value): Value => {
    add(1);
    return value;
  };
  const counts: Ports = {
    ...ports,
    jobs: { ...jobs, get: async (id) => one(await jobs.get(id)) },
    feed: {
      ...feed,
      async newest(limit) {
        const found = await feed.newest(limit);
        add(found.length);
        return found;
      },
      async find(filter, limit, cursor) {
        const page = await feed.find(filter, limit, cursor);
        add(page.jobs.length);
        return page;
      },
      async countOpen() {
        const open = await feed.countOpen();
        for (const { queued, processing } of Object.values(open)) {
          add(Math.ceil(queued / 1_000));
          add(Math.ceil(processing / 1_000));
        }
        return open;
      },
      watch: (filter, limit, onChanges, onError) =>
        feed.watch(
          filter,
          limit,
          (changes) => {
            add(changes.length);
            onChanges(changes);
          },
          onError,
        ),
    },
    fleet: {
      ...fleet,
      async read() {
        const reading = await fleet.read();
        add(reading.workers.length + reading.ignored);
        return reading;
      },
      async controls() {
        // One query for drains and one for pauses.
        const controls = await fleet.controls();
        add(2 * Math.max(1, controls.size));
        return controls;
      },
      control: async (id) => one(await fleet.control(id)),
    },
    routerStates: { ...routerStates, read: async () => one(await routerStates.read()) },
    settings: {
      ...settings,
      routing: async () => one(await settings.routing()),
      readRouting: async () => one(await settings.readRouting()),
    },
    passedOver: {
      ...passedOver,
      async recent(limit) {
        const items = await passedOver.recent(limit);
        add(items.length);
        return items;
      },
    },
    metricsDocuments: {
      ...metricsDocuments,
      async get(ids) {
        add(ids.length);
        return metricsDocuments.get(ids);
      },
      async between(first, end, limit) {
        const read = await metricsDocuments.between(first, end, limit);
        add(read.length);
        return read;
      },
    },
    audit: {
      ...audit,
      async recent(limit, cursor) {
        const page = await audit.recent(limit, cursor);
        add(page.entries.length + 1);
        return page;
      },
    },
  };
  return { ports: { ...ports, ...counts }, counted };
}
