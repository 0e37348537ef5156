import type { OperationName, OperationOptions } from '@spillway/core/operations.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import type { Input } from './input.ts';
import type { Out } from './result-target.ts';

/** A checked command: the operation, its options and its input. */
export interface Task {
  operation: OperationName;
  options: OperationOptions;
  models: ModelsSettings;
  input: Input;
  out: Out;
  json: boolean;
  recursive: boolean;
}
