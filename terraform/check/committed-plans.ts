import { committedOneBox, committedPlan } from './quick-check.ts';
import { textAt } from './read-plan.ts';

export const example = committedPlan('example');
export const other = committedPlan('other');
export const oneBoxPlan = committedOneBox();

/** What a VM of the example is told at its start. */
export const userData: string = example.resources
  .filter(({ type }) => type === 'google_compute_instance_template')
  .map((template) => textAt(template, 'metadata', 'user-data'))
  .join();
