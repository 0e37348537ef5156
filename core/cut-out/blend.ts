/** A product of two values of 0..255 over 255, rounded as Pillow rounds it (`DIV255` of `Blend` and `Paste`). */
export function share(value: number, of: number): number {
  const product = value * of + 128;
  return (product + (product >> 8)) >> 8;
}

/** A value on top of another one, both 0..255, by an alpha of 0..255. */
export function mix(over: number, under: number, alpha: number): number {
  const sum = over * alpha + under * (255 - alpha) + 128;
  return (sum + (sum >> 8)) >> 8;
}

/** Red, green and blue of `#rrggbb`. */
export function coloursOf(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
