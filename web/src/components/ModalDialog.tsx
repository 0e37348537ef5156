import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from './Icon.tsx';

interface ModalDialogProps {
  title: string;
  className: string;
  onClose(): void;
  /** Beside the title. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** The browser's own modal dialog: focus stays inside, Escape and a press beside it close it. */
export function ModalDialog({ title, className, onClose, actions, children }: ModalDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The browser gives the focus back when a dialog closes, and not when it is taken away.
    return () => element?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the dialog's own key for what the press beside it does.
    <dialog
      ref={dialog}
      class={`modal ${className}`}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="modal-sheet">
        <header class="modal-head">
          <h2 id={titleId}>{title}</h2>
          {actions}
          <button type="button" class="button quiet square" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
            <span class="visually-hidden">Close</span>
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
