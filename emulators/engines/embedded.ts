import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { type Database, openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createDocuments, type Documents } from '@spillway/pipeline/embedded/documents.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import type { StackEngine } from './stack-engine.ts';

/**
 * The engine that every program has in itself: the file is opened here only to prepare it.
 * @param file Absolute path of the database.
 */
export function createEmbeddedEngine(file: string): StackEngine {
  /** @throws StartError with the sentence that says why the file cannot be used. */
  async function inDatabase(action: (database: Database) => Promise<void>): Promise<void> {
    const database = await openDatabase(file).catch((error: unknown) => {
      const isExplained = error instanceof RefusedError || error instanceof OutageError;
      throw isExplained ? new StartError(error.message, { cause: error }) : error;
    });
    try {
      await action(database);
    } finally {
      database.close();
    }
  }

  function change(path: string, how: (documents: Documents) => void): Promise<void> {
    return inDatabase((database) => database.write(`change ${path}`, () => how(createDocuments(database))));
  }

  return {
    name: 'the embedded engine',
    parts: [],
    start: () => inDatabase(async () => {}),
    limitCloudRun: (limits) =>
      change('settings/routing', (documents) => {
        const settings = fieldsOf(documents.get('settings/routing'));
        documents.put('settings/routing', { ...settings, run: { ...fieldsOf(settings.run), ...limits } });
      }),
    forgetCloudRun: () =>
      change('routing/state', (documents) => {
        const { breaker: _, push: __, ...learned } = fieldsOf(documents.get('routing/state'));
        documents.put('routing/state', learned);
      }),
    // Each commit is in the file.
    keepSaving: () => () => {},
    async end() {},
  };
}

/** None where it is no object. */
function fieldsOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? { ...value } : {};
}
