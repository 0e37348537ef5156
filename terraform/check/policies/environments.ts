import { messageOf } from '@spillway/core/errors.ts';
import type { Policy } from '../policy.ts';
import { programsOf } from '../programs.ts';
import { textAt } from '../read-plan.ts';

export const environmentPolicies: Policy[] = [
  {
    name: 'Every program gets the environment variables that it requires, and none that it does not read',
    findings: (plan) =>
      programsOf(plan).flatMap(({ resource, environment, read }) => {
        try {
          const config = read(environment);
          return Object.keys(environment)
            .filter((name) => !(name in config))
            .map((name) => `${resource.address} gets ${name}, which its program does not read.`);
        } catch (error) {
          return [`${resource.address}: ${messageOf(error).replaceAll(/\s+/g, ' ')}`];
        }
      }),
  },
  {
    name: 'Every program is told of the project that it is in',
    findings: (plan) =>
      programsOf(plan).flatMap(({ resource, environment: { SPILLWAY_PROJECT: told } }) =>
        told === textAt(resource, 'project') ? [] : [`${resource.address} is told of the project ${told}.`],
      ),
  },
];
