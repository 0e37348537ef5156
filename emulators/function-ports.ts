import { z } from 'zod';

/** The port of each function's front, by the function's name, as the launcher passes them on. */
export const functionPortsSchema = z
  .string()
  .transform((text) => z.record(z.string(), z.number()).parse(JSON.parse(text)));
