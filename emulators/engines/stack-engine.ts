/** What the local Cloud Run takes, for `settings/routing`. */
export interface RunLimits {
  maxInstances: number;
  concurrency: number;
  /** Names of the models that it finds. */
  models: readonly string[];
}

/** What keeps documents and messages of a stack, as the launcher deals with it. */
export interface StackEngine {
  /** For the person who waits for it. */
  readonly name: string;
  /** The parts that it consists of. They end last, so that the others can write until then. */
  readonly parts: readonly string[];
  /** Starts it, and makes the topics and subscriptions that are missing. */
  start(): Promise<void>;
  /** Writes to the settings what Cloud Run takes. An admin's other settings stay. */
  limitCloudRun(limits: RunLimits): Promise<void>;
  /** Forgets pauses and refusals of the Cloud Run of an earlier start. What was learned of service times stays. */
  forgetCloudRun(): Promise<void>;
  /** Keeps saving from now on what would be lost with its parts. The function that it returns ends that. */
  keepSaving(): () => void;
  /** Ends its parts; nobody writes any more. */
  end(): Promise<void>;
}
