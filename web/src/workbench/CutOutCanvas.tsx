import type { RemoveBackgroundOptions } from '@spillway/core/operations/remove-background.ts';
import { useEffect, useRef } from 'preact/hooks';
import { type CutOutSource, drawCutOut } from './cut-out-preview.ts';

interface CutOutCanvasProps {
  source: CutOutSource;
  options: RemoveBackgroundOptions;
  label: string;
}

/** What a cut-out would be with these options, drawn in the page. Of many changes within a frame the last is drawn. */
export function CutOutCanvas({ source, options, label }: CutOutCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = source.mask;
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const context = canvas.current?.getContext('2d');
      if (!context) return;
      const image = context.createImageData(width, height);
      drawCutOut(image.data, source, options);
      context.putImageData(image, 0, 0);
    });
    return () => cancelAnimationFrame(frame);
  }, [source, options]);
  return <canvas ref={canvas} class="wb-image" width={width} height={height} role="img" aria-label={label} />;
}
