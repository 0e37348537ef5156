import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MetricName, metricNames } from '@spillway/core/telemetry-metrics.ts';
import { subscriptionNames } from '@spillway/pipeline/topics.ts';
import { metricDescriptors } from '../metric-descriptors.ts';
import { alarmQueries, comparisonsOf, logFiltersOf, queriesOf } from '../metric-filters.ts';
import type { Plan, Planned } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { blocksAt, ofType, textAt } from '../read-plan.ts';
import { runbookAnchor, titleOf } from '../runbook.ts';
import { root } from '../sources.ts';

export const alarmPolicies: Policy[] = [
  {
    name: 'Alarms and charts look at what is there',
    findings: (plan) =>
      queriesOf(plan).flatMap(({ asker, filter }) =>
        (comparisonsOf(filter) ?? []).flatMap(({ field, values }) => {
          const known = namesByLabel[field]?.(plan);
          return known === undefined
            ? []
            : values
                .filter((value) => !known.includes(value))
                .map((value) => `${asker} looks at ${value}, which is not there.`);
        }),
      ),
  },
  {
    name: 'Somebody is told of everything that has to wake a person',
    findings: (plan) => {
      const filters = [
        ...alarmQueries(plan).map(({ filter }) => filter),
        ...logFiltersOf(plan).map(({ filter }) => filter),
      ];
      return wakers(plan)
        .filter(({ filter }) => !filters.some((each) => each.includes(filter)))
        .map(({ what }) => `Nobody is told ${what}.`);
    },
  },
  {
    name: 'Every alarm says how bad it is, when it ends, and where its entry in the runbook is',
    findings: (plan) => {
      const alarms = ofType(plan, 'google_monitoring_alert_policy');
      // Without `runbook_url` nothing has an address to link to.
      const isLinked = alarms.some((alarm) => linksOf(alarm).length > 0);
      return alarms.flatMap((alarm) => {
        const entry = `docs/operations.md#${runbookAnchor(titleOf(alarm))}`;
        const links = linksOf(alarm);
        const isRight = links.every((url) => url.endsWith(entry.replace(/^docs/, '')));
        return [
          ...(/^(CRITICAL|ERROR|WARNING)$/.test(textAt(alarm, 'severity'))
            ? []
            : ['does not say how bad it is']),
          ...(/^\d+s$/.test(textAt(alarm, 'alert_strategy', 'auto_close')) ? [] : ['never ends by itself']),
          ...(textAt(alarm, 'documentation', 'content').includes(`Runbook: ${entry}`)
            ? []
            : [`does not name ${entry}`]),
          ...(isRight && isLinked === links.length > 0 ? [] : [`does not link to ${entry}`]),
        ].map((what) => `${alarm.address} ${what}.`);
      });
    },
  },
  {
    name: 'Alarms on logs look for how a line of a program begins, and for nothing that a stranger could write',
    findings: (plan) => {
      const written = programTexts();
      return logFiltersOf(plan).flatMap(({ asker, filter }) => {
        const beginnings = [...filter.matchAll(/jsonPayload\.message =~ ("(?:[^"\\]|\\.)*")/g)].map(
          ([, literal = '']) => JSON.parse(literal) as string,
        );
        // What is left compares fields that Google or the program itself sets.
        const others = filter
          .replaceAll(/jsonPayload\.message =~ "(?:[^"\\]|\\.)*"/g, '')
          .replaceAll(/\b[\w.]+ (?:=|>=|:) (?:\("\w+"(?: OR "\w+")*\)|"\w+"|[A-Z]+|\*)/g, '');
        return [
          ...(/["]|jsonPayload/.test(others) ? ['looks for text anywhere in a line'] : []),
          ...beginnings
            .filter((pattern) => !pattern.startsWith('^'))
            .map((pattern) => `looks for "${pattern}" anywhere in a message`),
          ...beginnings
            .flatMap((pattern) => /^\^(?:[[]\{].*"message":")?([A-Z][\w ,]+)/.exec(pattern)?.[1] ?? [])
            .filter(
              (text) =>
                !written.some((source) => source.includes(`'${text}`) || source.includes(`\`${text}`)),
            )
            .map((text) => `looks for "${text}", with which no line of a program begins`),
        ].map((what) => `${asker} ${what}.`);
      });
    },
  },
  {
    name: 'Every metric of the catalogue has its descriptor, before something may name it',
    findings: (plan) => {
      const made = new Set(
        ofType(plan, 'google_monitoring_metric_descriptor').map((each) => textAt(each, 'type')),
      );
      return metricNames
        .filter((name) => !made.has(descriptors[name]?.type ?? ''))
        .map((name) => `${name} has no descriptor.`);
    },
  },
];

const descriptors = metricDescriptors();
const typeOf = (name: MetricName): string => `"${descriptors[name]?.type}"`;

/** Names that a label of a resource may have, from the plan itself. */
const namesByLabel: Record<string, (plan: Plan) => string[]> = {
  'resource.labels.subscription_id': (plan) => namesOf(plan, 'google_pubsub_subscription'),
  'resource.labels.service_name': (plan) => [
    ...namesOf(plan, 'google_cloud_run_v2_service'),
    ...namesOf(plan, 'google_cloudfunctions2_function'),
  ],
  'resource.labels.instance_group_name': (plan) =>
    namesOf(plan, 'google_compute_region_instance_group_manager'),
  'resource.labels.host': (plan) =>
    ofType(plan, 'google_monitoring_uptime_check_config').map((check) =>
      textAt(check, 'monitored_resource', 'labels', 'host'),
    ),
};

const linksOf = (alarm: Planned): string[] =>
  blocksAt(alarm, 'documentation', 'links').map(({ url }) => String(url));

const namesOf = (plan: Plan, type: string): string[] =>
  ofType(plan, type).map((each) => textAt(each, 'name'));

/** What nobody may sleep through, and what a filter has that tells of it. */
function wakers(plan: Plan): { what: string; filter: string }[] {
  const hosts = ofType(plan, 'google_monitoring_uptime_check_config').map((check) =>
    textAt(check, 'monitored_resource', 'labels', 'host'),
  );
  return [
    { what: `that there are messages in ${subscriptionNames.dead}`, filter: `"${subscriptionNames.dead}"` },
    { what: 'that nothing takes work', filter: typeOf('spillway.targets.open') },
    { what: 'that objectives are missed', filter: typeOf('spillway.job.objective') },
    { what: 'how long the oldest job waits', filter: typeOf('spillway.queue.oldest_age') },
    { what: 'that a breaker stays open', filter: typeOf('spillway.breaker.open') },
    { what: 'that something needs a person', filter: typeOf('spillway.passed_over') },
    { what: 'that calls are refused', filter: '"logging.googleapis.com/user/spillway/refused_calls"' },
    { what: 'that the sweep is silent', filter: '"spillway-sweep"' },
    { what: 'that routing fails', filter: '"spillway-route"' },
    { what: 'that routing fails for the site', filter: '"spillway-route-web"' },
    { what: 'that a program cannot start', filter: '^The functions cannot work' },
    ...hosts.map((host) => ({ what: `that ${host} fails its uptime check`, filter: `"${host}"` })),
  ];
}

/** The sources of what writes to a log. */
function programTexts(): string[] {
  const folders = ['pipeline', 'functions', 'worker', 'vm-worker', 'cloudrun-worker', 'web'];
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?<!\.test)\.ts$/.test(path) && !path.includes('node_modules'))
      .map((path) => readFileSync(join(root, folder, path), 'utf8')),
  );
}
