import { useState } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { usePart } from '../components/use-part.ts';
import type { UploadList } from '../uploads/upload-list.ts';
import { erasure } from './erasure.ts';
import type { KeptWordsProps } from './KeptWords.tsx';

/** Opens what the page says of how long things are kept. Its code is loaded by the press, and each time the site is asked. */
export function KeptNote({ list }: { list: UploadList }) {
  const [isOpen, setOpen] = useState(false);
  const words = usePart<KeptWordsProps>(async () => (await import('./KeptWords.tsx')).KeptWords);
  const toggle = (open: boolean) => {
    setOpen(open);
    if (open) words.load();
  };
  return (
    <section class="kept-note" aria-label="What is kept">
      {erasure.value.kind === 'done' && (
        <p role="status">Everything is deleted. For this site, this browser is new.</p>
      )}
      <details onToggle={(event) => toggle(event.currentTarget.open)}>
        <summary>
          <Icon name="more" />
          How long your pictures are kept, and who can see them
        </summary>
        {words.failed && <p role="alert">The line is down. Please open this again in a moment.</p>}
        {isOpen && words.Component && <words.Component list={list} />}
      </details>
    </section>
  );
}
