import { isTerminal, jobStates } from '@spillway/core/job.ts';
import { jobTransitions } from '@spillway/core/state-machine.ts';

/** The states of a job as a Mermaid diagram: an arrow for each pair of states, with the transitions that lead there. */
export function jobStatesDiagram(): string {
  const arrows = new Map<string, Set<string>>();
  for (const { name, from, to } of jobTransitions) {
    if (to === 'same') continue;
    for (const state of from) {
      const arrow = `${state === 'new' ? '[*]' : state} --> ${to}`;
      arrows.set(arrow, (arrows.get(arrow) ?? new Set()).add(name));
    }
  }
  const lines = [...arrows].map(([arrow, names]) => `  ${arrow}: ${[...names].join(', ')}`);
  const ends = jobStates.filter(isTerminal).map((state) => `  ${state} --> [*]`);
  return ['stateDiagram-v2', ...lines, ...ends].join('\n');
}

/** Every transition with the states it leads from and to, and who causes it: a Markdown table. */
export function transitionsTable(): string {
  const rows = jobTransitions.map(({ name, from, to, by }) => {
    const target = to === 'same' ? 'the same' : `\`${to}\``;
    return `| \`${name}\` | ${from.map((state) => (state === 'new' ? 'none' : `\`${state}\``)).join(', ')} | ${target} | ${by} |`;
  });
  return ['| transition | from | to | by |', '|---|---|---|---|', ...rows].join('\n');
}
