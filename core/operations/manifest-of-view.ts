import { fromJSONSchema, type z } from 'zod';
import type { ManifestView } from './manifest-view.ts';
import type { OperationManifest } from './operation.ts';

/**
 * The manifest of an operation that the page knows from the API alone. In a file of its own, because the page loads it
 * only where there are plug-ins: reading a JSON Schema takes as much code as all of the page's other schemas. It is not
 * checked as a manifest once more: the server did that, and pages cannot make the JSON Schema that the check asks for.
 */
export function manifestOfView({ options, ...view }: ManifestView): OperationManifest {
  return { ...view, options: fromJSONSchema(options) as z.ZodObject } as OperationManifest;
}
