import { z } from 'zod';

/**
 * Imported before every schema of an island: the site's Content-Security-Policy forbids evaluating strings, and zod
 * would otherwise try it once, which the browser reports as a violation.
 */
z.config({ jitless: true });
