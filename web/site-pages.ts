/**
 * What one service of the site serves. `visitors` has no dashboard and no admin API, so that nothing on a public
 * service leads to them. `admin` has nothing else, and is for a service that a proxy guards.
 */
export const sitePages = ['all', 'visitors', 'admin'] as const;
export type SitePages = (typeof sitePages)[number];
