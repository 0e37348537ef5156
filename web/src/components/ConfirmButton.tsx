import { useEffect, useState } from 'preact/hooks';
import { Icon, type IconName } from './Icon.tsx';

interface ConfirmButtonProps {
  label: string;
  confirm: string;
  /** What the action is about, for people who do not see where the button is. */
  subject: string;
  icon: IconName;
  onConfirm(): void;
}

const waitsMs = 4_000;

/** A button for what cannot be undone: the first press asks, the second does it. */
export function ConfirmButton({ label, confirm, subject, icon, onConfirm }: ConfirmButtonProps) {
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    if (!asking) return;
    const timer = setTimeout(() => setAsking(false), waitsMs);
    return () => clearTimeout(timer);
  }, [asking]);
  const press = () => {
    if (asking) onConfirm();
    setAsking(!asking);
  };
  return (
    <button type="button" class={asking ? 'button danger' : 'button quiet'} onClick={press}>
      <Icon name={icon} />
      {asking ? confirm : label}
      <span class="visually-hidden"> {subject}</span>
    </button>
  );
}
