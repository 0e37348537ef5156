import { useState } from 'preact/hooks';
import { Icon } from './Icon.tsx';

interface SourcePictureProps {
  /** Null while there is no address yet. */
  source: string | null;
  name: string;
  alt: string;
  className?: string;
}

/** The original picture, or a blank sheet if it is gone or the browser cannot show it (most cannot show HEIC). */
export function SourcePicture({ source, name, alt, className = '' }: SourcePictureProps) {
  const [failed, setFailed] = useState<string | null>(null);
  if (source === null) return <span class="blank-sheet" />;
  if (failed === source) {
    return (
      <span class="blank-sheet">
        <span class="blank-words">
          <Icon name="picture" />
          {/\.hei[cf]$/i.test(name) ? 'This browser does not show HEIC.' : 'No preview of this file.'}
        </span>
      </span>
    );
  }
  return (
    <img
      class={`picture ${className}`}
      src={source}
      alt={alt}
      loading="lazy"
      onError={() => setFailed(source)}
    />
  );
}
