import { manifestOf } from '@spillway/core/operations.ts';
import { knownOperations } from '../operations/known-operations.ts';

interface FieldBase {
  /** Path of the value in the settings: `run.maxInstances`. */
  path: string;
  label: string;
  hint: string | null;
}
export interface NumberField extends FieldBase {
  kind: 'number';
  /** The unit, shown behind the number. */
  unit: string;
  /** The setting is the form's number times this. */
  factor: number;
  /** The meaning of an empty control; `refused` if a number is required. */
  whenEmpty: 'refused' | 'null' | 'left out';
  /** Placeholder of the empty control. */
  placeholder: string;
}
interface ChoiceField extends FieldBase {
  kind: 'choice';
  choices: readonly { value: string; label: string }[];
  /** True if the setting is a number. */
  numeric: boolean;
}
interface SwitchField extends FieldBase {
  kind: 'switch';
}
/** The form field of one routing setting. */
export type RoutingField = NumberField | ChoiceField | SwitchField;

export interface RoutingGroup {
  title: string;
  fields: readonly RoutingField[];
}

/** The setting that only one policy uses. */
export const thresholdPath = 'threshold.cpu';

const policy: RoutingField = {
  kind: 'choice',
  path: 'policy',
  label: 'Policy',
  hint: null,
  numeric: false,
  choices: [
    { value: 'deadline', label: 'Deadline: the cheapest side that is in time' },
    { value: 'threshold', label: 'Threshold: by the VMs’ processor load' },
  ],
};

/** Standard deviations as the share of cases that they cover on one side of a normal distribution. */
const confidence: RoutingField = {
  kind: 'choice',
  path: 'confidence',
  label: 'How sure to be of a deadline',
  hint: 'A side counts as in time when it is this likely to be. More sends more to Cloud Run.',
  numeric: true,
  choices: [
    { value: '0', label: 'As likely as not: 50 %' },
    { value: '0.84', label: 'Likely: 80 %' },
    { value: '1.28', label: 'Very likely: 90 %' },
    { value: '1.65', label: 'Almost certain: 95 %' },
    { value: '2.33', label: 'As good as certain: 99 %' },
  ],
};

function objectives(): RoutingField[] {
  return knownOperations.value.map((name) => {
    const { words, objectiveMs } = manifestOf(name);
    return number(`objectivesMs.${name}`, words.label, null, {
      unit: 's',
      factor: 1_000,
      whenEmpty: 'left out',
      placeholder: `${objectiveMs.interactive / 1_000} by default`,
    });
  });
}

/** The groups of fields; one of them has a field for every operation. */
export function mainGroups(): readonly RoutingGroup[] {
  return [
    {
      title: 'Decision',
      fields: [
        policy,
        number(thresholdPath, 'Processor limit', 'Above it on every VM, work goes to Cloud Run.', {
          unit: '%',
          factor: 0.01,
        }),
        confidence,
      ],
    },
    { title: 'Time from upload to result', fields: objectives() },
    {
      title: 'Large batches',
      fields: [
        number('bulk.batchOver', 'Drops of more than', 'They let others pass.', { unit: 'files' }),
        number('bulk.objectiveMs', 'Time to result', 'In place of the operation’s, where it is longer.', {
          unit: 's',
          factor: 1_000,
        }),
      ],
    },
    {
      title: 'Cloud Run',
      fields: [
        { kind: 'switch', path: 'run.enabled', label: 'Spill over to Cloud Run', hint: null },
        number('run.maxInstances', 'Most instances', null, {}),
        number('run.mostDollarsPerHour', 'Spend at most', 'Beyond it, new work waits for the VMs.', {
          unit: '$ an hour',
          whenEmpty: 'null',
          placeholder: 'no limit',
        }),
      ],
    },
    {
      title: 'Forecast of arrivals',
      fields: [
        {
          kind: 'switch',
          path: 'forecast.prewarming',
          label: 'Prewarm Cloud Run',
          hint: 'Instances are started before jobs come that VMs cannot take.',
        },
        number('forecast.minInstances.least', 'Always keep', 'They are paid for while they wait.', {
          unit: 'instances',
        }),
        number('forecast.minInstances.most', 'Keep at most', null, { unit: 'instances' }),
        {
          kind: 'switch',
          path: 'forecast.vmPool',
          label: 'Let the pool of VMs follow it',
          hint: 'Where the pool follows the offered work.',
        },
      ],
    },
  ];
}

/** Settings that follow from the installation and are seldom changed. They are folded away. */
export const priceFields: readonly RoutingField[] = [
  number('prices.perVcpuSecond', 'Price of a vCPU', null, { unit: '$ a second' }),
  number('prices.perGibSecond', 'Price of memory', null, { unit: '$ a GiB second' }),
  number('prices.perRequest', 'Price of requests', null, { unit: '$ a million', factor: 1e-6 }),
  number('run.vcpus', 'vCPUs of an instance', null, {}),
  number('run.memoryGib', 'Memory of an instance', null, { unit: 'GiB' }),
  number('run.concurrency', 'Requests at a time to an instance', null, {}),
  number('run.slots', 'Operations at a time in an instance', 'The other requests are fetched and stored.', {
    whenEmpty: 'null',
    placeholder: 'as many as requests',
  }),
  number('vm.liveWithinMs', 'A VM is gone after a silence of', null, { unit: 's', factor: 1_000 }),
  number('vm.doubtWithinMs', 'All VMs are gone after a silence of', 'Until then the database is to blame.', {
    unit: 's',
    factor: 1_000,
  }),
];

export const sharesDefault: NumberField = number(
  'shares.default',
  'Everybody else',
  'While several owners wait, one with 2 gets twice the share of the VMs of one with 1.',
  {},
);

/** Every field of the form, except the shares of single owners. */
export function routingFields(): readonly RoutingField[] {
  return [...mainGroups().flatMap(({ fields }) => fields), sharesDefault, ...priceFields];
}

function number(
  path: string,
  label: string,
  hint: string | null,
  more: Partial<Pick<NumberField, 'unit' | 'factor' | 'whenEmpty' | 'placeholder'>>,
): NumberField {
  return {
    kind: 'number',
    path,
    label,
    hint,
    unit: '',
    factor: 1,
    whenEmpty: 'refused',
    placeholder: '',
    ...more,
  };
}
