import type { ComponentType } from 'preact';
import { useRef, useState } from 'preact/hooks';

/** A part of the page whose code is loaded when it is first needed. */
interface Part<Props> {
  /** Null until it is loaded. */
  Component: ComponentType<Props> | null;
  /** Whether its code could not be loaded, as without a connection. */
  failed: boolean;
  /** Loads it unless that is done, and tries again after a failure. */
  load(): void;
}

/** @param code Imports the part. */
export function usePart<Props>(code: () => Promise<ComponentType<Props>>): Part<Props> {
  const [Component, setComponent] = useState<ComponentType<Props> | null>(null);
  const [failed, setFailed] = useState(false);
  const isLoading = useRef(false);
  return {
    Component,
    failed,
    load() {
      if (Component || isLoading.current) return;
      isLoading.current = true;
      setFailed(false);
      code()
        .then(
          (loaded) => setComponent(() => loaded),
          () => setFailed(true),
        )
        .finally(() => {
          isLoading.current = false;
        });
    },
  };
}
