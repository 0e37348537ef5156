import type { Picture, PictureResult } from '../batches/batch.ts';
import { resultUrl, sourceUrl } from '../jobs/job-actions.ts';
import { resultLook } from '../jobs/result-look.ts';
import { resultLabel } from '../jobs/words.ts';
import { resultDifference } from './result-names.ts';
import type { Size } from './view-geometry.ts';

/** Something that can lie on the stage. */
export interface Layer {
  /** `original`, or the id of a result. */
  id: string;
  label: string;
  src: string;
  /** Null where the document does not say. */
  size: Size | null;
  seeThrough: boolean;
}

/** The id of the layer that shows what was uploaded. */
export const originalId = 'original';

/** Everything of a picture that can be shown: the original first. */
export function layersOf(picture: Picture): Layer[] {
  return [originalLayer(picture), ...picture.results.map(resultLayer(picture))].filter(
    (layer) => layer !== null,
  );
}

/** Null while nothing of it can be fetched. */
function originalLayer({ upload, results }: Picture): Layer | null {
  const job = results.find((result) => result.job)?.job;
  const src = upload?.preview ?? (job ? sourceUrl(job.id) : null);
  return src === null ? null : { id: originalId, label: 'Original', src, size: null, seeThrough: false };
}

const resultLayer =
  (picture: Picture) =>
  (result: PictureResult): Layer | null => {
    const { job, stage } = result;
    if (stage.kind !== 'done' || !job) return null;
    const look = resultLook(job);
    if (look.kind !== 'picture') return null;
    const difference = resultDifference(result, picture);
    return {
      id: result.id,
      label: [resultLabel(result.operation), difference].filter(Boolean).join(', '),
      src: resultUrl(job.id),
      size:
        job.result && job.result.width > 0 ? { width: job.result.width, height: job.result.height } : null,
      seeThrough: look.seeThrough,
    };
  };
