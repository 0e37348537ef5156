import type { Supervisor } from '@spillway/supervisor/supervisor.ts';
import type { Plan } from '../parts.ts';
import type { StackEngine } from './stack-engine.ts';

/**
 * The engine of the plan. Only its code is loaded.
 * @param findLostUploads Routes again what an engine has forgotten.
 */
export async function createEngine(
  plan: Plan,
  supervisor: Supervisor,
  say: (line: string) => void,
  findLostUploads: () => Promise<void>,
): Promise<StackEngine> {
  const { ports, stack } = plan;
  switch (stack.engine) {
    case 'google': {
      if (ports.google === null) throw new Error("No ports were chosen for Google's emulators.");
      const { createGoogleEngine } = await import('./google.ts');
      return createGoogleEngine(plan, ports.google, supervisor, say, findLostUploads);
    }
    case 'embedded': {
      const { createEmbeddedEngine } = await import('./embedded.ts');
      return createEmbeddedEngine(stack.database);
    }
    default:
      return stack satisfies never;
  }
}
