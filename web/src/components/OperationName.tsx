import { operationLabel } from '../jobs/words.ts';
import { OperationIcon } from './Icon.tsx';

/** An operation's icon and label. */
export function OperationName({ operation }: { operation: string }) {
  return (
    <span class="operation-name">
      <OperationIcon operation={operation} />
      {operationLabel(operation)}
    </span>
  );
}
