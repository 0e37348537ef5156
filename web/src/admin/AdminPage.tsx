import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { ConnectionNote } from '../components/ConnectionNote.tsx';
import { startLearning } from '../operations/known-operations.ts';
import { VerdictLine } from '../overview/VerdictLine.tsx';
import { AccessNotice } from './AccessNotice.tsx';
import { Alerts } from './Alerts.tsx';
import { type AdminConnection, type AdminTopic, createAdminConnection } from './admin-connection.ts';

interface AdminPageProps {
  title: string;
  /** What the page is told of beside the overview. */
  topics: readonly AdminTopic[];
  /** Called once this browser may see the page. */
  children(admin: AdminConnection): ComponentChildren;
}

/**
 * The frame of every page for admins: the way in, what is wrong, and whether the page is live. The page has one
 * connection to the server, which everything in it shares.
 */
export function AdminPage({ title, topics, children }: AdminPageProps) {
  const admin = useMemo(() => createAdminConnection(topics), []);
  useEffect(() => admin.start(), [admin]);
  const access = admin.door.access.value;
  useEffect(() => (access === 'granted' ? startLearning() : undefined), [access]);
  return (
    <div class="admin-page" data-access={access}>
      <header class="admin-head">
        <h1>{title}</h1>
        <ConnectionNote state={admin.stream} />
      </header>
      {access !== 'granted' ? (
        <AccessNotice access={access} door={admin.door} />
      ) : (
        <>
          <VerdictLine verdict={admin.overview.value?.verdict ?? null} />
          <Alerts alerts={(admin.overview.value?.alerts ?? []).slice(1)} />
          {children(admin)}
        </>
      )}
    </div>
  );
}
