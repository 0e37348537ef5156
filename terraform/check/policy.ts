import type { Plan } from './plan.ts';

/** What has to hold in every plan. */
export interface Policy {
  /** What holds, as a sentence without its full stop. */
  name: string;
  /** One sentence for each thing that is against it. */
  findings(plan: Plan): string[] | Promise<string[]>;
}
