/**
 * Sums of open jobs over intervals of time, so that a sum over thousands of jobs that wait reads some hundred rows. A line
 * is `vm` or `run` (what waits there, by turns), or one owner's open jobs on the VMs (by deadlines). Each job counts in two
 * intervals, of about a second and of about four minutes. Triggers keep them, so that whatever writes `jobs` is counted.
 */
const secondBits = 10;
const minutesBits = 18;

/** The line of an owner. No owner's name has a NUL. */
const ownerLine = (owner: string) => `coalesce('of ' || ${owner}, char(0))`;

const isOnVm = (row: string) => `${row}.target = 'vm' AND ${row}.state IN ('queued', 'processing')`;
const isQueued = (row: string) => `${row}.state = 'queued' AND ${row}.turn_at IS NOT NULL`;

interface Counted {
  name: string;
  /** Columns on which it depends. */
  columns: string;
  counts: (row: string) => string;
  line: (row: string) => string;
  time: string;
}

const counted: readonly Counted[] = [
  {
    name: 'waiting',
    columns: 'state, target, turn_at, work_us',
    counts: isQueued,
    line: (row) => `${row}.target`,
    time: 'turn_at',
  },
  {
    name: 'of_owner',
    columns: 'state, target, owner, deadline_at, work_us',
    counts: isOnVm,
    line: (row) => ownerLine(`${row}.owner`),
    time: 'deadline_at',
  },
];

const intervals = (row: string, time: string) =>
  [secondBits, minutesBits].map((bits) => [bits, `${row}.${time} >> ${bits}`] as const);

function add({ counts, line, time }: Counted): string {
  return intervals('new', time)
    .map(
      ([bits, interval]) => `
  INSERT INTO work_sums (line, bits, interval, jobs, work_us)
    SELECT ${line('new')}, ${bits}, ${interval}, 1, new.work_us WHERE ${counts('new')}
    ON CONFLICT DO UPDATE SET jobs = jobs + 1, work_us = work_us + excluded.work_us;`,
    )
    .join('');
}

function subtract({ counts, line, time }: Counted): string {
  return intervals('old', time)
    .map(([bits, interval]) => {
      const place = `line = ${line('old')} AND bits = ${bits} AND interval = ${interval} AND ${counts('old')}`;
      return `
  UPDATE work_sums SET jobs = jobs - 1, work_us = work_us - old.work_us WHERE ${place};
  DELETE FROM work_sums WHERE ${place} AND jobs = 0;`;
    })
    .join('');
}

const differs = ({ counts, line, time }: Counted) => `
  (${counts('old')}) IS NOT (${counts('new')}) OR ${line('old')} IS NOT ${line('new')}
  OR old.${time} IS NOT new.${time} OR old.work_us IS NOT new.work_us`;

const triggersOf = (each: Counted) => `
CREATE TRIGGER ${each.name}_created AFTER INSERT ON jobs WHEN ${each.counts('new')} BEGIN${add(each)}
END;
CREATE TRIGGER ${each.name}_changed AFTER UPDATE OF ${each.columns} ON jobs WHEN ${differs(each)} BEGIN${subtract(each)}${add(each)}
END;
CREATE TRIGGER ${each.name}_removed AFTER DELETE ON jobs WHEN ${each.counts('old')} BEGIN${subtract(each)}
END;
`;

const fill = ({ counts, line, time }: Counted) =>
  intervals('jobs', time)
    .map(
      ([bits, interval]) => `
INSERT INTO work_sums (line, bits, interval, jobs, work_us)
  SELECT ${line('jobs')}, ${bits}, ${interval}, count(*), sum(work_us) FROM jobs WHERE ${counts('jobs')} GROUP BY 1, 3;`,
    )
    .join('');

/**
 * The sum of a line before a time, `?1`.
 * @param line SQL of its name.
 * @param beside The jobs of the line: those of the second that the time is in are read themselves.
 */
function sumBefore(line: string, beside: { where: string; time: string }): string {
  const shift = minutesBits - secondBits;
  return `
SELECT coalesce(sum(jobs), 0) AS jobs, coalesce(sum(work_us), 0) AS work FROM (
  SELECT jobs, work_us FROM work_sums
    WHERE line = ${line} AND bits = ${minutesBits} AND interval < ?1 >> ${minutesBits}
  UNION ALL
  SELECT jobs, work_us FROM work_sums
    WHERE line = ${line} AND bits = ${secondBits}
    AND interval >= (?1 >> ${minutesBits}) << ${shift} AND interval < ?1 >> ${secondBits}
  UNION ALL
  SELECT 1, work_us FROM jobs
    WHERE ${beside.where} AND ${beside.time} >= (?1 >> ${secondBits}) << ${secondBits} AND ${beside.time} < ?1
)`;
}

/** What waits on the side `?2` with a turn before `?1`. */
export const waitingBefore = sumBefore('?2', { where: `state = 'queued' AND target = ?2`, time: 'turn_at' });

/** What is open on the VMs of the owner `?2` with a deadline before `?1`. */
export const ofOwnerBefore = sumBefore(ownerLine('?2'), {
  where: `target = 'vm' AND state IN ('queued', 'processing') AND owner IS ?2`,
  time: 'deadline_at',
});

/** All that waits on the side `?1`. */
export const waitingOn = `
SELECT coalesce(sum(jobs), 0) AS jobs, coalesce(sum(work_us), 0) AS work FROM work_sums
  WHERE line = ?1 AND bits = ${minutesBits}`;

export const workSums = `
CREATE TABLE work_sums (
  line TEXT NOT NULL,
  bits INTEGER NOT NULL,
  interval INTEGER NOT NULL,
  jobs INTEGER NOT NULL,
  work_us INTEGER NOT NULL,
  PRIMARY KEY (line, bits, interval)
) STRICT, WITHOUT ROWID;
${counted.map((each) => triggersOf(each) + fill(each)).join('')}
`;
