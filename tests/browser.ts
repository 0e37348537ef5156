import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import chromium from '@sparticuz/chromium';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';

/** Flags for places where a browser runs on a server; people's browsers have none of them. */
const unwantedFlags = new Set([
  // In a single process, closing one page's context would end the whole browser.
  '--single-process',
  // Pages would reach what a person's browser keeps them from.
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--disable-site-isolation-trials',
]);

/** Chromium from the registry, kept from calling home. */
export async function launchBrowser(): Promise<Browser> {
  const flags = chromium.args.filter((flag) => !unwantedFlags.has(flag));
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...flags, '--disable-background-networking', '--disable-component-update'],
  });
}

interface AxeViolation {
  id: string;
  impact: string | null;
  nodes: { html: string }[];
}

/** What axe-core finds on the page that keeps people from using it. */
export async function seriousViolations(page: Page): Promise<string[]> {
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  // The page's content security policy forbids injected scripts; the debugger's protocol bypasses it.
  const source = await readFile(axe, 'utf8');
  await page.evaluate(source);
  const violations: AxeViolation[] = await page.evaluate('axe.run().then(({ violations }) => violations)');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}
