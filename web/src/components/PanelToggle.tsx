import type { Signal } from '@preact/signals';

interface Props {
  open: Signal<boolean>;
  /** Id of what it opens. */
  controls: string;
  /** Its words while that is closed, and while it is open. */
  words: readonly [closed: string, open: string];
  /** Beside those of every button. */
  className?: string;
  /** What is opened may have changed since it was read. */
  onOpen(): void;
}

/** The button that opens and closes a panel of the dashboard. */
export function PanelToggle({ open, controls, words, className = '', onOpen }: Props) {
  const toggle = () => {
    open.value = !open.value;
    if (open.value) onOpen();
  };
  return (
    <button
      type="button"
      class={`button ${className}`.trim()}
      aria-expanded={open.value}
      aria-controls={controls}
      onClick={toggle}
    >
      {words[open.value ? 1 : 0]}
    </button>
  );
}
