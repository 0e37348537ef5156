import { parseArgs } from 'node:util';
import { fullCheck } from './full-check.ts';
import { quickCheck } from './quick-check.ts';
import { TerraformError } from './workspace.ts';

const { values } = parseArgs({
  options: {
    /** Needs Terraform and the provider: writes the extracts, and checks everything. */
    provider: { type: 'boolean', default: false },
    /** The same, but for what takes long and changes no extract. */
    extracts: { type: 'boolean', default: false },
  },
});

async function check(): Promise<string[]> {
  const say = (step: string) => console.log(step);
  if (values.provider) return fullCheck('everything', say);
  return values.extracts ? fullCheck('extracts', say) : quickCheck();
}

try {
  const findings = await check();
  for (const finding of findings) console.error(finding);
  console.log(findings.length === 0 ? 'Nothing is wrong.' : `Wrong: ${findings.length}.`);
  process.exitCode = findings.length === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof TerraformError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
