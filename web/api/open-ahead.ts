/**
 * Opens some items ahead of the one that is taken, so that the way to the bucket is waited for once and not for each.
 * Whoever stops early has the rest closed.
 * @param open Must not fail: what it resolves to says whether it did.
 */
export async function* openAhead<Item, Opened>(
  items: Iterable<Item>,
  places: number,
  open: (item: Item) => Promise<Opened>,
  close: (opened: Opened) => void = () => {},
): AsyncGenerator<[Item, Opened], void, undefined> {
  const waiting = items[Symbol.iterator]();
  const opening: { item: Item; opened: Promise<Opened> }[] = [];
  try {
    for (;;) {
      for (let next = waiting.next(); !next.done; next = waiting.next()) {
        opening.push({ item: next.value, opened: open(next.value) });
        if (opening.length > places) break;
      }
      const first = opening.shift();
      if (!first) return;
      yield [first.item, await first.opened];
    }
  } finally {
    for (const { opened } of opening) void opened.then(close);
  }
}
