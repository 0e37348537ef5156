/** A size in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** A place in the stage, in CSS pixels from its top left corner. */
export interface Point {
  x: number;
  y: number;
}

/** How a picture lies in the stage: `x` and `y` are where its top left corner is. */
export interface View extends Point {
  /** CSS pixels for each pixel of the picture. */
  scale: number;
}

/** What a view is fitted into. */
export interface Room {
  stage: Size;
  picture: Size;
  /** Pixels of the screen for each CSS pixel. */
  density: number;
}

/** How many times larger than its own pixels a picture is shown at most. */
const mostEnlarged = 8;

/** The whole picture, as large as the stage allows. */
export function fitted(room: Room): View {
  return held({ scale: fittingScale(room), x: 0, y: 0 }, room);
}

/** One pixel of the picture for each of the screen, with the same place of the picture in the middle of the stage. */
export function atFullSize(view: View, room: Room): View {
  return zoomed(view, middleOf(room.stage), 1 / room.density / view.scale, room);
}

/** The picture larger by a factor, with the place under `point` where it was. */
export function zoomed(view: View, point: Point, factor: number, room: Room): View {
  const scale = Math.min(largestScale(room), Math.max(smallestScale(room), view.scale * factor));
  const grown = scale / view.scale;
  const x = point.x - (point.x - view.x) * grown;
  const y = point.y - (point.y - view.y) * grown;
  return held({ scale, x, y }, room);
}

/** The picture moved by so many CSS pixels. */
export function panned(view: View, by: Point, room: Room): View {
  return held({ ...view, x: view.x + by.x, y: view.y + by.y }, room);
}

/** The view after the stage or the picture has another size, with the same place of the picture in the middle. */
export function refitted(view: View, before: Room, after: Room): View {
  if (isFitted(view, before)) return fitted(after);
  const middle = middleOf(before.stage);
  // Of the picture, in shares of it: another picture of the batch may have another size.
  const share = {
    x: (middle.x - view.x) / view.scale / before.picture.width,
    y: (middle.y - view.y) / view.scale / before.picture.height,
  };
  const scale = Math.min(largestScale(after), Math.max(smallestScale(after), view.scale));
  const to = middleOf(after.stage);
  const x = to.x - share.x * after.picture.width * scale;
  const y = to.y - share.y * after.picture.height * scale;
  return held({ scale, x, y }, after);
}

/** Whether the whole picture is seen and no larger than need be. */
export function isFitted(view: View, room: Room): boolean {
  return Math.abs(view.scale / fittingScale(room) - 1) < 1e-6;
}

/** How large the picture is shown, 100 being its own pixels. */
export function percentOf({ scale }: View, { density }: Room): number {
  return Math.round(scale * density * 100);
}

export function middleOf({ width, height }: Size): Point {
  return { x: width / 2, y: height / 2 };
}

function fittingScale({ stage, picture }: Room): number {
  return Math.min(stage.width / picture.width, stage.height / picture.height);
}

/** A picture that is smaller than the stage may be shown in its own pixels, too. */
function smallestScale(room: Room): number {
  return Math.min(fittingScale(room), 1 / room.density);
}

function largestScale(room: Room): number {
  return Math.max(fittingScale(room), mostEnlarged / room.density);
}

/** No gap beside a picture that is larger than the stage; a smaller one is in the middle. */
function held({ scale, x, y }: View, { stage, picture }: Room): View {
  return {
    scale,
    x: heldAlong(x, picture.width * scale, stage.width),
    y: heldAlong(y, picture.height * scale, stage.height),
  };
}

function heldAlong(at: number, length: number, room: number): number {
  if (length <= room) return (room - length) / 2;
  return Math.min(0, Math.max(room - length, at));
}
