import type { RoutingSettings } from '@spillway/core/settings.ts';
import { type WhatIfLine, type WhatIfRequest, whatIfLineSchema } from '@spillway/core/what-if.ts';
import { requestLines } from '../http/request-lines.ts';

/**
 * Asks the server to play settings. Told of its progress, and at last of a result or a failure. Aborting the signal ends the
 * simulation.
 */
export async function tryOut(
  range: WhatIfRequest['range'],
  routing: RoutingSettings,
  signal: AbortSignal,
  tell: (line: WhatIfLine) => void,
): Promise<void> {
  let ended = false;
  const failure = await requestLines('/admin/what-if', { range, routing }, signal, (text) => {
    const line = whatIfLineSchema.safeParse(JSON.parse(text));
    if (!line.success) return;
    ended = line.data.kind !== 'progress';
    tell(line.data);
  });
  if (signal.aborted || ended) return;
  tell({ kind: 'failed', why: failure ?? 'The connection ended before there was a result. Try again.' });
}
