#!/usr/bin/env node
// An older Node.js would stop at a syntax error in the command itself, which tells nobody what to do.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 14)) {
  console.error(`Spillway needs Node.js 24.14 or newer. This is ${process.versions.node}.`);
  process.exit(1);
}
await import(new URL('./spillway.js', import.meta.url).href);
