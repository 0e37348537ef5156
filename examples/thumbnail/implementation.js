// @ts-check
import { defineImplementation } from 'spillway/implementation';
import thumbnail from './operation.js';

/** The implementation. It is loaded in the child processes that work on pictures, and nowhere else. */
export default defineImplementation(thumbnail, {
  async make({ picture, options, note }) {
    const { side, fit, format } = options;
    const pixels = await picture.open();
    if (Math.max(picture.width, picture.height) < side)
      note('The picture was smaller than its thumbnail may be.');
    const small = pixels.resize(side, side, { fit, withoutEnlargement: true });
    // A JPEG has no transparency.
    return format === 'jpeg' ? small.flatten({ background: '#ffffff' }) : small;
  },
});
