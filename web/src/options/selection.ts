import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { manifestOf, type OperationName, operationNames } from '@spillway/core/operations.ts';
import type { ChosenOptions } from '../uploads/file-upload.ts';
import { optionLabel } from './fields.ts';
import { type OptionProblems, optionProblems } from './problems.ts';

export interface Selection {
  readonly chosen: ReadonlySignal<readonly OperationName[]>;
  readonly options: ReadonlySignal<ChosenOptions>;
  /** Problems of the chosen operations' options. */
  readonly problems: ReadonlySignal<Partial<Record<OperationName, OptionProblems>>>;
  /** Why nothing can be sent, in a sentence; null if it can. */
  readonly obstacle: ReadonlySignal<string | null>;
  toggle(operation: OperationName, on: boolean): void;
  setOption(operation: OperationName, key: string, value: unknown): void;
}

/** The operations for the next files, with their options. */
export function createSelection(): Selection {
  // Only the fastest one. Operations that need a model are chosen by the person.
  const chosen = signal<readonly OperationName[]>(operationNames.slice(0, 1));
  const options = signal<ChosenOptions>({});
  const problems = computed(() =>
    Object.fromEntries(
      chosen.value.map((name) => [name, optionProblems(manifestOf(name).options, options.value[name] ?? {})]),
    ),
  );
  return {
    chosen,
    options,
    problems,
    obstacle: computed(() => obstacleIn(chosen.value, problems.value)),
    toggle(operation, on) {
      // In the registry's order, not in the order of pressing.
      chosen.value = operationNames.filter((name) => (name === operation ? on : chosen.value.includes(name)));
    },
    setOption(operation, key, value) {
      options.value = { ...options.value, [operation]: { ...options.value[operation], [key]: value } };
    },
  };
}

function obstacleIn(
  chosen: readonly OperationName[],
  problems: Partial<Record<OperationName, OptionProblems>>,
): string | null {
  if (chosen.length === 0) return 'Choose what to make first.';
  for (const name of chosen) {
    for (const [key, words] of Object.entries(problems[name] ?? {})) {
      const option = optionLabel(key).toLowerCase();
      return `Nothing was sent. ${manifestOf(name).words.label}: ${option} ${words}.`;
    }
  }
  return null;
}
