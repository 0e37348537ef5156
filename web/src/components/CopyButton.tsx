import { useEffect, useState } from 'preact/hooks';
import { copyText } from '../clipboard/copy-text.ts';
import { Icon } from './Icon.tsx';

interface CopyButtonProps {
  text: string;
  /** What is copied, for people who do not see where the button is. */
  subject: string;
}

const shownMs = 2_500;

/** Copies a text and confirms it on screen and to screen readers. Its width stays the same. */
export function CopyButton({ text, subject }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), shownMs);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async (button: HTMLButtonElement) => {
    setOutcome((await copyText(text, button.parentElement ?? button)) ? 'copied' : 'refused');
  };
  return (
    <span class="copy">
      <button
        type="button"
        class="button quiet copy-button"
        onClick={(event) => void copy(event.currentTarget)}
      >
        <Icon name={outcome === 'copied' ? 'check' : 'copy'} />
        {outcome === 'copied' ? 'Copied' : 'Copy'}
        <span class="visually-hidden"> {subject}</span>
      </button>
      <span class="visually-hidden" role="status">
        {outcome === 'copied' && 'Copied.'}
        {outcome === 'refused' && 'The browser did not allow it. Select the text and copy it.'}
      </span>
    </span>
  );
}
