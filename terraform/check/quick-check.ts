import { readDeclarations } from './configuration.ts';
import { readExtract } from './extract-file.ts';
import { heldAgainstSchema } from './held-against-schema.ts';
import { metricDescriptorsOutOfDate } from './metric-descriptors.ts';
import { type Plan, planExtract } from './plan.ts';
import { oneBoxPolicies } from './policies/one-box.ts';
import { heldAgainstPolicies } from './policies.ts';
import { schemaExtract } from './schema.ts';
import {
  type Choice,
  choiceNames,
  digestOf,
  oneBox,
  readOneBoxSources,
  readSources,
  type Source,
} from './sources.ts';

/** What mends an extract that is out of date. */
const mend =
  'Make it again with `npm run check:terraform -- --extracts`, and commit what that writes to terraform/check/extracts/. ' +
  'It needs Terraform, and takes half a minute: CONTRIBUTING.md.';

/** The committed plan of a choice of variables. */
export const committedPlan = (choice: Choice): Plan => readExtract(choice, planExtract);

/** The committed plan of the smallest example. */
export const committedOneBox = (): Plan => readExtract(oneBox.name, planExtract);

/** What the provider says of the types in use, as it is committed. */
export const committedSchema = () => readExtract('schema', schemaExtract);

/** A sentence for each committed extract that was not made of these files, with the command that mends it. */
export function outOfDate(sources: readonly Source[] = readSources()): string[] {
  const today = digestOf(sources);
  return choiceNames
    .filter((choice) => readExtract(choice, planExtract).stamp.madeOf !== today)
    .map(
      (choice) => `terraform/check/extracts/${choice}.json is the plan of other files than today's. ${mend}`,
    );
}

/** The same of the smallest example. */
export function oneBoxOutOfDate(sources: readonly Source[] = readOneBoxSources()): string[] {
  const isToday = readExtract(oneBox.name, planExtract).stamp.madeOf === digestOf(sources);
  return isToday
    ? []
    : [`terraform/check/extracts/${oneBox.name}.json is the plan of other files than today's. ${mend}`];
}

/** Everything that can be said of Terraform's files without Terraform, one sentence each. Nothing is asked of anybody. */
export async function quickCheck(): Promise<string[]> {
  const policies = choiceNames.map(async (choice) => {
    const findings = await heldAgainstPolicies(committedPlan(choice));
    return findings.map((finding) => `In the plan of ${choice}: ${finding}`);
  });
  const ofOneBox = oneBoxPolicies.map(async (policy) => {
    const findings = await policy.findings(committedOneBox());
    return findings.map((finding) => `In the plan of ${oneBox.name}: ${finding}`);
  });
  return [
    await heldAgainstSchema(committedSchema()),
    await heldAgainstSchema(committedSchema(), await readDeclarations(readOneBoxSources())),
    metricDescriptorsOutOfDate(),
    outOfDate(),
    oneBoxOutOfDate(),
    ...(await Promise.all([...policies, ...ofOneBox])),
  ].flat();
}
