import { type ReadonlySignal, signal } from '@preact/signals';
import { type OperationName, operationNames, parseOptions } from '@spillway/core/operations.ts';
import type { ChosenOptions } from '../uploads/file-upload.ts';

export interface Selection {
  readonly chosen: ReadonlySignal<readonly OperationName[]>;
  readonly options: ReadonlySignal<ChosenOptions>;
  toggle(operation: OperationName, on: boolean): void;
  setOption(operation: OperationName, key: string, value: unknown): void;
  /** Why nothing can be sent like this; null when it can. */
  problem(): string | null;
}

/** Which operations the next files get, and with which options. */
export function createSelection(): Selection {
  const chosen = signal<readonly OperationName[]>(operationNames.slice(0, 1));
  const options = signal<ChosenOptions>({});
  return {
    chosen,
    options,
    toggle(operation, on) {
      // In the registry's order, whatever the order of pressing.
      chosen.value = operationNames.filter((name) => (name === operation ? on : chosen.value.includes(name)));
    },
    setOption(operation, key, value) {
      options.value = { ...options.value, [operation]: { ...options.value[operation], [key]: value } };
    },
    problem() {
      if (chosen.value.length === 0) return 'Choose what to make first.';
      for (const operation of chosen.value) {
        const parsed = parseOptions(operation, options.value[operation]);
        if (!parsed.ok) return parsed.message;
      }
      return null;
    },
  };
}
