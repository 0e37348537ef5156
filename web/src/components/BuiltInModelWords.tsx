import type { Model } from '@spillway/core/job.ts';
import { builtInModelNote } from '../jobs/words.ts';
import { CommandLine } from './CommandLine.tsx';

/** What a built-in model means, and for the people who run the service how to install the real one. */
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
