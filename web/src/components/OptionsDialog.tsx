import { manifestOf, type OperationName } from '@spillway/core/operations.ts';
import { offerFor } from '../operations/known-operations.ts';
import { changedOptions } from '../options/chosen-options.ts';
import { fieldsOf } from '../options/fields.ts';
import type { Selection } from '../options/selection.ts';
import { ModalDialog } from './ModalDialog.tsx';
import { OptionsForm } from './OptionsForm.tsx';

export interface OptionsDialogProps {
  operation: OperationName;
  selection: Selection;
  onClose(): void;
}

/** The options of one operation for the next pictures. What is set counts at once. */
export function OptionsDialog({ operation, selection, onClose }: OptionsDialogProps) {
  const { label, description } = manifestOf(operation).words;
  const values = selection.options.value[operation] ?? {};
  const isChanged = Object.keys(changedOptions(operation, values)).length > 0;
  return (
    <ModalDialog title={label} className="options-dialog" onClose={onClose}>
      <p class="options-about">{description}</p>
      <OptionsForm
        prefix={operation}
        fields={fieldsOf(operation)}
        values={values}
        offered={{ model: offerFor(operation).models }}
        problems={selection.problems.value[operation] ?? {}}
        onChange={(key, value) => selection.setOption(operation, key, value)}
      />
      <form method="dialog" class="options-end">
        <p>Remembered in this browser for the next pictures.</p>
        <button
          type="button"
          class="button quiet"
          disabled={!isChanged}
          onClick={() => selection.reset(operation)}
        >
          Reset
        </button>
        <button type="submit" class="button primary">
          Done
        </button>
      </form>
    </ModalDialog>
  );
}
