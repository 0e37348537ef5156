/** A rectangle in the chart's units. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Label {
  text: string;
  /** Of the point that it names. */
  x: number;
  y: number;
}

export interface PlacedLabel extends Label {
  box: Box;
  /** Far enough from its point to need a line to it. */
  needsLine: boolean;
}

export const labelHeight = 13;
/** A good guess for the widths of a sans-serif font of 11 units, since nothing here can measure text. */
const characterWidth = 6.1;
const pointRadius = 5;

/**
 * Places labels beside their points, in rings of growing distance, so that none covers a point, another label or the
 * frame. What finds no place within the last ring stays without a label.
 */
export function placeLabels(labels: readonly Label[], frame: Box): PlacedLabel[] {
  const taken: Box[] = labels.map(({ x, y }) => around(x, y));
  const placed: PlacedLabel[] = [];
  for (const label of labels) {
    const spot = candidates(label).find(
      ({ box }) => inside(box, frame) && !taken.some((other) => overlap(box, other)),
    );
    if (!spot) continue;
    taken.push(spot.box);
    placed.push({ ...label, ...spot });
  }
  return placed;
}

function candidates({ text, x, y }: Label): { box: Box; needsLine: boolean }[] {
  const width = text.length * characterWidth + 2;
  const spots: { box: Box; needsLine: boolean }[] = [];
  for (const distance of [8, 16, 28, 42, 58, 76, 96]) {
    for (let eighth = 0; eighth < 8; eighth++) {
      const angle = (eighth * Math.PI) / 4;
      const [toX, toY] = [x + distance * Math.cos(angle), y - distance * Math.sin(angle)];
      // The side of the box that faces the point touches the ring.
      const left =
        Math.abs(Math.cos(angle)) < 0.1 ? toX - width / 2 : Math.cos(angle) > 0 ? toX : toX - width;
      const top = toY - labelHeight / 2 - (Math.sin(angle) * labelHeight) / 2;
      spots.push({ box: { x: left, y: top, width, height: labelHeight }, needsLine: distance > 16 });
    }
  }
  return spots;
}

function around(x: number, y: number): Box {
  return { x: x - pointRadius, y: y - pointRadius, width: 2 * pointRadius, height: 2 * pointRadius };
}

function inside(box: Box, frame: Box): boolean {
  return (
    box.x >= frame.x &&
    box.y >= frame.y &&
    box.x + box.width <= frame.x + frame.width &&
    box.y + box.height <= frame.y + frame.height
  );
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
