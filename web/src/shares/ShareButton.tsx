import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import type { ShareDialogProps } from './ShareDialog.tsx';

interface ShareButtonProps {
  /** The server's id of the batch. */
  id: string;
  name: string;
}

/** Opens the dialog that makes private links. Its code is loaded by the press. */
export function ShareButton({ id, name }: ShareButtonProps) {
  const [Dialog, setDialog] = useState<ComponentType<ShareDialogProps> | null>(null);
  const [failed, setFailed] = useState(false);
  const open = async () => {
    const code = await import('./ShareDialog.tsx').catch(() => null);
    setFailed(code === null);
    if (code) setDialog(() => code.ShareDialog);
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void open()}>
        <Icon name="moved" />
        Share<span class="visually-hidden"> {name}</span>
      </button>
      {failed && <span role="alert">The line is down. Please try again.</span>}
      {Dialog && <Dialog batch={id} name={name} onClose={() => setDialog(null)} />}
    </>
  );
}
