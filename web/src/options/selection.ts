import { computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import {
  isOperationName,
  manifestOf,
  type OperationName,
  operationNames,
} from '@spillway/core/operations.ts';
import { knownOperations } from '../operations/known-operations.ts';
import type { ChosenOptions } from '../uploads/file-upload.ts';
import { changedOptions } from './chosen-options.ts';
import { optionLabel } from './fields.ts';
import { type OptionProblems, optionProblems } from './problems.ts';
import { type RememberedChoices, readChoices, writeChoices } from './remembered-choices.ts';

export interface Selection {
  readonly chosen: ReadonlySignal<readonly OperationName[]>;
  readonly options: ReadonlySignal<ChosenOptions>;
  /** Problems of the chosen operations' options. */
  readonly problems: ReadonlySignal<Partial<Record<OperationName, OptionProblems>>>;
  /** Why nothing can be sent, in a sentence; null if it can. */
  readonly obstacle: ReadonlySignal<string | null>;
  toggle(operation: OperationName, on: boolean): void;
  setOption(operation: OperationName, key: string, value: unknown): void;
  /** Gives an operation its own options back. */
  reset(operation: OperationName): void;
  /**
   * Takes up what was chosen at an earlier visit, and keeps what is chosen from now on.
   * @returns A function that ends it.
   */
  remember(storage: Storage): () => void;
}

/** The operations for the next files, with their options. */
export function createSelection(): Selection {
  // Only the fastest one. Operations that need a model are chosen by the person.
  const chosen = signal<readonly OperationName[]>(operationNames.slice(0, 1));
  const options = signal<ChosenOptions>({});
  /** Choices for operations that the page does not know: a plug-in may still be learnt of. */
  let unknown: RememberedChoices = { chosen: [], options: {} };
  const problems = computed(() =>
    Object.fromEntries(
      chosen.value.map((name) => [name, optionProblems(manifestOf(name).options, options.value[name] ?? {})]),
    ),
  );

  /** What of the choices is of operations that are known now; the rest waits. */
  const takeUp = (choices: RememberedChoices) => {
    const known = Object.entries(choices.options).filter(([name]) => isOperationName(name));
    const valid = known.filter(([name, values]) => isValid(name, values));
    options.value = { ...options.value, ...Object.fromEntries(valid) };
    const isChosen = (name: string) => choices.chosen.includes(name);
    if (choices.chosen.some(isOperationName)) {
      chosen.value = operationNames.filter((name) => chosen.value.includes(name) || isChosen(name));
    }
    unknown = {
      chosen: choices.chosen.filter((name) => !isOperationName(name)),
      options: Object.fromEntries(Object.entries(choices.options).filter(([name]) => !isOperationName(name))),
    };
  };

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
      const values = changedOptions(operation, { ...options.value[operation], [key]: value });
      options.value = { ...options.value, [operation]: values };
    },
    reset(operation) {
      options.value = { ...options.value, [operation]: {} };
    },
    remember(storage) {
      const earlier = readChoices(storage);
      if (earlier) {
        // Nothing was chosen on this page yet.
        chosen.value = [];
        takeUp(earlier);
        if (chosen.value.length === 0 && unknown.chosen.length === 0)
          chosen.value = operationNames.slice(0, 1);
      }
      const stopLearning = effect(() => {
        if (knownOperations.value.length > 0) untracked(() => takeUp(unknown));
      });
      const stopKeeping = effect(() =>
        writeChoices(storage, {
          chosen: [...chosen.value, ...unknown.chosen],
          options: { ...unknown.options, ...options.value },
        }),
      );
      return () => {
        stopLearning();
        stopKeeping();
      };
    },
  };
}

function isValid(operation: string, values: Readonly<Record<string, unknown>>): boolean {
  return isOperationName(operation) && manifestOf(operation).options.safeParse(values).success;
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
