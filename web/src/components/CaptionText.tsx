import { useEffect, useState } from 'preact/hooks';
import { z } from 'zod';

const captionSchema = z.object({ caption: z.string() });

/** A result in words: fetched once and shown as a quotation. */
export function CaptionText({ url }: { url: string }) {
  const [caption, setCaption] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    fetch(url, { signal: controller.signal })
      .then((response) => response.json())
      .then((body) => setCaption(captionSchema.parse(body).caption))
      .catch(() => {
        if (!controller.signal.aborted) setFailed(true);
      });
    return () => controller.abort();
  }, [url]);
  if (failed)
    return <p class="caption-text failed">The caption could not be loaded. Download still works.</p>;
  return <blockquote class="caption-text">{caption ?? '…'}</blockquote>;
}
