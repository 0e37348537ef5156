/** Tells that a SQLite file is Spillway's: `SPWL`. @see https://sqlite.org/pragma.html#pragma_application_id */
export const applicationId = 0x5350574c;
