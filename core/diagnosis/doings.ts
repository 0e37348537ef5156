import { type AuditEntry, type AuditOutcome, adminWords } from '../audit.ts';
import { duration, fine, note, type Sentence } from './sentence.ts';
import type { SystemReading } from './system-reading.ts';

/** Of what admins did, so much is told. */
const mostTold = 5;
/** An entry that has begun for longer was cut off. Milliseconds. */
const cutOffMs = 60_000;

const endings: Record<AuditOutcome, string> = {
  begun: ', and it is not known whether it was done',
  done: '',
  refused: ', which was refused',
};

/** Who did that: what people changed lately. */
export function doingsOf({ audit, settingsChange, now }: SystemReading): Sentence[] {
  const acts = audit.slice(0, mostTold).map((entry) => actSentence(entry, now));
  const change =
    settingsChange === null
      ? fine('settings_unchanged', 'Nobody has changed the settings of routing.')
      : fine(
          'settings_changed',
          `The settings of routing are those of ${adminWords(settingsChange.updatedBy)}, since ${settingsChange.updatedAt.toISOString()}.`,
        );
  return [change, ...(acts.length > 0 ? acts : [fine('nobody', 'No admin has done anything.')])];
}

function actSentence({ at, by, action, subject, outcome }: AuditEntry, now: Date): Sentence {
  const agoMs = now.getTime() - at.getTime();
  const what = `${duration(agoMs)} ago ${adminWords(by)} did ${action} of ${subject}${endings[outcome]}.`;
  return outcome === 'begun' && agoMs > cutOffMs
    ? note('act_cut_off', what, 'Look whether it was done, and do it again if not.')
    : fine('act', what);
}
