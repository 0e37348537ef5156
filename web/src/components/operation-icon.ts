import { isOperationName, type OperationName } from '@spillway/core/operations.ts';
import type { IconName } from './Icon.tsx';

const icons: Record<OperationName, IconName> = {
  sketch: 'pencil',
  'remove-background': 'scissors',
  caption: 'speech',
};

/** The drawing that stands beside an operation's name. */
export function operationIcon(operation: string): IconName {
  return isOperationName(operation) ? icons[operation] : 'alert';
}
