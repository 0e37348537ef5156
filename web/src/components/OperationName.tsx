import { operationLabel } from '../jobs/words.ts';
import { Icon } from './Icon.tsx';
import { operationIcon } from './operation-icon.ts';

/** An operation's drawing and name, the same wherever one is named. */
export function OperationName({ operation }: { operation: string }) {
  return (
    <span class="operation-name">
      <Icon name={operationIcon(operation)} />
      {operationLabel(operation)}
    </span>
  );
}
