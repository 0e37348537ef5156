import { fromJSONSchema } from 'zod';
import { type ManifestView, parseManifest } from './manifest-schema.ts';
import type { OperationManifest } from './operation.ts';

/**
 * The manifest of an operation that the page knows from the API alone. In a file of its own, because the page loads it
 * only where there are plug-ins: reading a JSON Schema takes as much code as all of the page's other schemas.
 */
export function manifestOfView({ options, ...view }: ManifestView): OperationManifest {
  return parseManifest({ ...view, options: fromJSONSchema(options) });
}
