import { readExtract } from './extract-file.ts';
import { heldAgainstSchema } from './held-against-schema.ts';
import { metricDescriptorsOutOfDate } from './metric-descriptors.ts';
import { type Plan, planExtract } from './plan.ts';
import { heldAgainstPolicies } from './policies.ts';
import { schemaExtract } from './schema.ts';
import { type Choice, choiceNames, digestOf, readSources, type Source } from './sources.ts';

/** What mends an extract that is out of date. */
const mend =
  'Make it again with `npm run check:terraform -- --extracts`, and commit what that writes to terraform/check/extracts/. ' +
  'It needs Terraform, and takes half a minute: CONTRIBUTING.md.';

/** The committed plan of a choice of variables. */
export const committedPlan = (choice: Choice): Plan => readExtract(choice, planExtract);

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

/** Everything that can be said of Terraform's files without Terraform, one sentence each. Nothing is asked of anybody. */
export async function quickCheck(): Promise<string[]> {
  const policies = choiceNames.map(async (choice) => {
    const findings = await heldAgainstPolicies(committedPlan(choice));
    return findings.map((finding) => `In the plan of ${choice}: ${finding}`);
  });
  return [
    await heldAgainstSchema(committedSchema()),
    metricDescriptorsOutOfDate(),
    outOfDate(),
    ...(await Promise.all(policies)),
  ].flat();
}
