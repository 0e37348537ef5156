import type { AuditEntry } from '../audit.ts';
import type { Control, Worker } from '../heartbeat.ts';
import type { Job, Target } from '../job.ts';
import type { PassedOver } from '../passed-over.ts';
import type { RouterState } from '../routing/state.ts';
import type { RoutingSettings, SettingsChange } from '../settings.ts';

/** A part of the system that was looked at, or could not be. */
export type Part<Value> =
  | { kind: 'read'; value: Value }
  /** `why`: an English sentence. */
  | { kind: 'not_read'; why: string };

/** Something of the cloud that is missing or set up in a way that will go wrong, and the command that mends it. */
export interface SetupFinding {
  what: string;
  mend: string;
}

/** How the cloud is set up. */
export interface Setup {
  findings: SetupFinding[];
  /** What could not be looked at, an English sentence for each. */
  notLookedAt: string[];
}

/** Uploads that were held against the jobs. */
export interface UploadSearch {
  /** As `gs://bucket/name#generation`. */
  lost: string[];
  /** Uploads that were looked at. */
  looked: number;
  /** Whether these were all of the time that is looked at. */
  complete: boolean;
  /** Hours that are looked back. */
  hours: number;
}

/** A message that nobody can handle. */
export interface DeadLetter {
  id: string;
  problem: string;
  /** When it was put aside; null where the service does not say. */
  at: Date | null;
  /** What the message had. */
  data: string;
}

/** What keeps documents and messages: Firestore and Pub/Sub, or a file on the machine. */
export type Engine = 'google' | 'embedded';

/** What a system is judged by: read at one time, with bounded reads. */
export interface SystemReading {
  engine: Engine;
  now: Date;
  workers: Worker[];
  ignoredHeartbeats: number;
  /** What is wanted of each VM, by its id. */
  controls: Record<string, Control>;
  state: RouterState;
  settings: RoutingSettings;
  settingsChange: SettingsChange | null;
  settingsProblem: string | null;
  /** Why the storage takes no upload, as a sentence; null while it does. */
  uploadRefusal: string | null;
  /** When the last sweep's lease ends or ended; null where there was none. */
  sweptUntil: Date | null;
  /** When the last search for lost uploads began that came to its end in both buckets; null before the first. */
  searchedAt: Date | null;
  /** Why Cloud Run is not prewarmed as the settings want it; null where it is. */
  prewarmingProblem: string | null;
  /** Newest first. */
  passedOver: PassedOver[];
  jobs: {
    open: Record<Target, { queued: number; processing: number }>;
    /** The first jobs of each line. */
    waiting: Record<Target, Job[]>;
    processing: Job[];
    /** The newest, whatever their states. */
    newest: Job[];
    /** Left to the sweep's decision long ago, and not decided. */
    undecided: Job[];
    /** Recorded and not published, though their router had time for it. */
    unpublished: Job[];
    /** Published long ago, and not claimed. */
    unclaimed: Job[];
    /** Claimed by workers that no longer renew the claim. */
    abandoned: Job[];
    /** Ended, and nobody was told. */
    unannounced: Job[];
  };
  /** What admins did last, the latest first. */
  audit: AuditEntry[];
  setup: Setup;
  uploads: Part<UploadSearch>;
  deadLetters: Part<DeadLetter[]>;
}
