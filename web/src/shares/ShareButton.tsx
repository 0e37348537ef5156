import { useState } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { usePart } from '../components/use-part.ts';
import type { ShareDialogProps } from './ShareDialog.tsx';

interface ShareButtonProps {
  /** The server's id of the batch. */
  id: string;
  name: string;
}

/** Opens the dialog that makes private links. Its code is loaded by the press. */
export function ShareButton({ id, name }: ShareButtonProps) {
  const dialog = usePart<ShareDialogProps>(async () => (await import('./ShareDialog.tsx')).ShareDialog);
  const [isOpen, setOpen] = useState(false);
  const open = () => {
    setOpen(true);
    dialog.load();
  };
  return (
    <>
      <button type="button" class="button" onClick={open}>
        <Icon name="moved" />
        Share<span class="visually-hidden"> {name}</span>
      </button>
      {dialog.failed && <span role="alert">The line is down. Please try again.</span>}
      {isOpen && dialog.Component && (
        <dialog.Component batch={id} name={name} onClose={() => setOpen(false)} />
      )}
    </>
  );
}
