import type { Model } from '@spillway/core/job.ts';
import { builtInModelNote } from '../jobs/words.ts';
import { CommandLine } from './CommandLine.tsx';
import { Icon } from './Icon.tsx';

/** The model that made a result. For a built-in model it says what that means and how to install the real one. */
export function ModelNote({ model }: { model: Model }) {
  if (!model.builtIn) return <p class="model-note">Model {model.name}</p>;
  return (
    <details class="model-note">
      <summary>
        <Icon name="more" />
        built-in demo model
      </summary>
      <BuiltInModelWords model={model} />
    </details>
  );
}

/** The same in full. */
export function BuiltInModelWords({ model }: { model: Model }) {
  return (
    <div class="model-words">
      <p>{builtInModelNote}</p>
      {model.install && (
        <>
          <p>This installs the real one:</p>
          <CommandLine command={model.install} />
        </>
      )}
    </div>
  );
}
