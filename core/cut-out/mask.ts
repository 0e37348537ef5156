/** How much of each pixel of a picture is kept: 0 to 255, row by row without padding. */
export interface Mask {
  data: Uint8Array;
  width: number;
  height: number;
}
