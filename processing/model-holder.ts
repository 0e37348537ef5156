/**
 * The one model of its kind that a process keeps in memory. Another model replaces it: the memory of a child is planned
 * for one model of each kind, and jobs seldom ask for different ones.
 */
export interface ModelHolder<Model, Loaded> {
  /**
   * Loads the model if another one, or none, is in memory, and lends it to `work`. Uses run one after the other, in the
   * order of their calls, so that no model is released while it runs.
   * @throws what loading or `work` throws.
   */
  use<Result>(model: Model, threads: number, work: (loaded: Loaded) => Promise<Result>): Promise<Result>;
  /** The name of the model in memory, in a list that is empty while there is none. */
  names(): string[];
}

interface ModelFiles {
  name: string;
  path: string;
  sha256: string;
}

/**
 * Creates an empty holder. The operation that needs this kind of model owns it.
 * @param load Called for a model whose file, checksum, way of use or number of threads differs from that in memory.
 */
export function createModelHolder<Model extends ModelFiles, Loaded extends { release(): Promise<void> }>(
  load: (model: Model, threads: number) => Promise<Loaded>,
): ModelHolder<Model, Loaded> {
  let held: { name: string; key: string; loaded: Loaded } | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  async function loadedOf(model: Model, threads: number): Promise<Loaded> {
    const key = JSON.stringify([model, threads]);
    if (held?.key === key) return held.loaded;
    const before = held;
    held = null;
    await before?.loaded.release();
    const loaded = await load(model, threads);
    held = { name: model.name, key, loaded };
    return loaded;
  }

  return {
    use(model, threads, work) {
      const result = queue.then(async () => await work(await loadedOf(model, threads)));
      queue = result.catch(() => undefined);
      return result;
    },
    names: () => (held ? [held.name] : []),
  };
}
