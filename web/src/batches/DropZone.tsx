import { largestFile } from '@spillway/core/file-size.ts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { droppedFiles, type PickedFiles, pastedFiles } from '../uploads/picked-files.ts';
import { DropCurtain } from './DropCurtain.tsx';

interface DropZoneProps {
  onPicked(picked: PickedFiles): void;
}

/** Takes files by drop (anywhere on the page), by paste and by the system's picker. */
export function DropZone({ onPicked }: DropZoneProps) {
  const [over, setOver] = useState(false);
  const take = useRef(onPicked);
  take.current = onPicked;
  const picker = useRef<HTMLInputElement>(null);

  const takePicked = () => {
    const input = picker.current;
    if (!input?.files?.length) return;
    take.current({ files: [...input.files], leftOut: [] });
    // The same file may be picked again.
    input.value = '';
  };

  // The picker exists before this code has loaded: the event of an earlier choice went to nobody.
  useEffect(takePicked, []);

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    // Entering a child counts as leaving its parent, so the enters are counted.
    let depth = 0;
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const hover = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      // They may have entered before this code was loaded.
      setOver(true);
    };
    const drop = async (event: DragEvent) => {
      if (!event.dataTransfer || !carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      take.current(await droppedFiles(event.dataTransfer));
    };
    const paste = async (event: ClipboardEvent) => {
      if (!event.clipboardData?.types.includes('Files')) return;
      event.preventDefault();
      take.current(await pastedFiles(event.clipboardData, new Date()));
    };
    addEventListener('dragenter', enter, { signal });
    addEventListener('dragleave', leave, { signal });
    addEventListener('dragover', hover, { signal });
    addEventListener('drop', (event) => void drop(event), { signal });
    addEventListener('paste', (event) => void paste(event), { signal });
    return () => controller.abort();
  }, []);

  return (
    <label class="drop-zone">
      <input
        class="visually-hidden"
        type="file"
        multiple
        aria-label="Choose pictures to upload"
        accept="image/*,.avif,.heic,.heif"
        aria-describedby="drop-zone-hint"
        ref={picker}
        onChange={takePicked}
      />
      <span class="drop-title">Drop pictures here</span>
      <span class="button primary drop-button">
        <Icon name="upload" />
        Choose files
      </span>
      <span class="drop-hint" id="drop-zone-hint">
        or paste one. JPEG, PNG, WebP, AVIF, HEIC or GIF, up to {largestFile / 2 ** 20} MiB each.
      </span>
      <DropCurtain drawn={over} />
    </label>
  );
}
