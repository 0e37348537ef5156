import type { TestProject } from 'vitest/node';
import { provideGoogleStack } from './google-stack-setup.ts';

/** The same stack with what costs time on Google Cloud, where the buckets themselves tell of uploads. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideGoogleStack(project, { likeCloud: true, events: 'bucket-notifications' });
}
