import { useEffect, useRef } from 'preact/hooks';

/** Over the whole window while files are dragged over it, dialogs included: they may be let go anywhere. */
export function DropCurtain({ drawn }: { drawn: boolean }) {
  const curtain = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (drawn) curtain.current?.showPopover();
    else curtain.current?.hidePopover();
  }, [drawn]);
  return (
    <div class="drop-curtain" popover="manual" ref={curtain} aria-hidden={!drawn}>
      <p>{drawn && 'Let go to add them'}</p>
    </div>
  );
}
