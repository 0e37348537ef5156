/** 0 to 15 for a hexadecimal digit, by its place in an id. */
const digit = (place: number) => `(instr('0123456789abcdef', substr(id, ${place}, 1)) - 1)`;

/** Lanes of the VMs' line: 0 to 255 for a job that waits there and may be taken, as core/routing/lanes.ts numbers them. */
export const lanes = `
ALTER TABLE jobs ADD COLUMN lane INTEGER;
UPDATE jobs SET lane = (16 * ${digit(-2)} + ${digit(-1)}) & 255
  WHERE state = 'queued' AND target = 'vm' AND
    (SELECT json_extract(document, '$.route.reason') FROM open_documents WHERE seq = jobs.seq) IS NOT 'reserved';
CREATE INDEX jobs_lanes ON jobs (turn_at, id, lane) WHERE lane IS NOT NULL;
`;
