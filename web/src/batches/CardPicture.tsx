import { useState } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { resultLook } from '../jobs/result-look.ts';
import { resultOf } from '../jobs/words.ts';
import type { Picture, PictureResult } from './batch.ts';
import { originalAddress, type PictureAddress, resultAddress } from './thumbnails.ts';

interface CardPictureProps {
  picture: Picture;
  /** Null for the original. */
  shown: PictureResult | null;
  /** Width of the card, for the browser's choice among thumbnails. */
  width: number;
}

/** The picture of a card: the result that is shown if it is a picture and done, and otherwise the original. */
export function CardPicture({ picture, shown, width }: CardPictureProps) {
  const job = shown?.stage.kind === 'done' ? shown.job : null;
  const look = job ? resultLook(job) : null;
  if (shown && job && look?.kind === 'picture') {
    return (
      <div class="fitted" style={{ '--ratio': look.ratio }}>
        <Thumbnail
          address={resultAddress(job)}
          width={width}
          alt={resultOf(shown.operation, picture.name)}
          className={look.seeThrough ? 'picture see-through' : 'picture'}
          name={picture.name}
        />
      </div>
    );
  }
  const isOriginal = shown === null || look !== null;
  return (
    <>
      <Thumbnail
        address={originalAddress(picture)}
        width={width}
        alt={isOriginal ? picture.name : ''}
        className={isOriginal ? 'picture' : 'picture original'}
        name={picture.name}
      />
      {shown?.stage.kind === 'processing' && <span class="drawing-over" aria-hidden="true" />}
    </>
  );
}

interface ThumbnailProps {
  address: PictureAddress | null;
  width: number;
  alt: string;
  className: string;
  name: string;
}

/** A picture that is loaded when it comes near, or a blank sheet where the browser cannot show it. */
function Thumbnail({ address, width, alt, className, name }: ThumbnailProps) {
  const [failed, setFailed] = useState<string | null>(null);
  if (address === null) return <span class="blank-sheet" />;
  if (failed === address.src) {
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
      // A browser goes on showing the picture that was there before, until the new one is loaded.
      key={address.src}
      class={className}
      src={address.src}
      srcset={address.srcset}
      sizes={address.srcset && `${width}px`}
      alt={alt}
      loading="lazy"
      decoding="async"
      onError={() => setFailed(address.src)}
    />
  );
}
