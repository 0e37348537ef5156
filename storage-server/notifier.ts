import type { StorageNotification } from './notification-event.ts';

/** Publishes one notification. If it rejects, the notification is tried again. */
export type Notifier = (notification: StorageNotification) => Promise<void>;

/** Where notifications go. */
export interface NotificationTarget {
  notify: Notifier;
  close(): Promise<void>;
}
