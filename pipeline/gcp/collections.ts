/** The collections at the top of the database. Indexes and Terraform are held against these names. */
export const collectionNames = {
  apiKeys: 'apiKeys',
  audit: 'audit',
  controls: 'controls',
  jobs: 'jobs',
  leases: 'leases',
  metrics: 'metrics',
  passedOver: 'passed-over',
  routing: 'routing',
  settings: 'settings',
  settingsHistory: 'settings-history',
  shares: 'shares',
  workers: 'workers',
} as const;

/**
 * Those whose documents have an `expiresAt` and are removed after it by a TTL policy. A lease's is no such date: the next
 * holder writes over it.
 */
export const agingCollections: readonly string[] = [
  collectionNames.apiKeys,
  collectionNames.audit,
  collectionNames.jobs,
  collectionNames.metrics,
  collectionNames.passedOver,
  collectionNames.settingsHistory,
  collectionNames.shares,
  collectionNames.workers,
];
