import { readFileSync } from 'node:fs';
import { type Scenario, ScenarioError, scenarioSchema } from './scenario.ts';

export const committedScenario = new URL('scenario.json', import.meta.url);

/** Throws `ScenarioError`. */
export function readScenario(file: string | URL = committedScenario): Scenario {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : (error as NodeJS.ErrnoException).code;
    throw new ScenarioError(`Cannot read the scenario ${file}: ${why}.`);
  }
  const parsed = scenarioSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ScenarioError(`The scenario ${file} is not valid: ${issue?.path.join('.')}: ${issue?.message}.`);
}
