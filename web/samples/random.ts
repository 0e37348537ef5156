/** Numbers in 0..1 that are the same on every run: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Repeats a fragment of SVG. */
export function times(count: number, fragment: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => fragment(index)).join('');
}

/** A picture's frame: 1000 x 750, with a filter `grain` that gives surfaces a texture. */
export function picture(definitions: string, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="750" viewBox="0 0 1000 750">
<defs>
<filter id="soft" x="-30%" y="-30%" width="160%" height="160%"><feGaussianBlur stdDeviation="14"/></filter>
<filter id="softer" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="34"/></filter>
<filter id="rough" x="-5%" y="-5%" width="110%" height="110%">
<feTurbulence type="fractalNoise" baseFrequency="0.035" numOctaves="3" seed="7" result="noise"/>
<feDisplacementMap in="SourceGraphic" in2="noise" scale="7" xChannelSelector="R" yChannelSelector="G"/>
</filter>
<filter id="grain" x="0" y="0" width="100%" height="100%">
<feTurbulence type="fractalNoise" baseFrequency="0.55" numOctaves="2" seed="3"/>
<feColorMatrix values="0 0 0 0 0.15  0 0 0 0 0.12  0 0 0 0 0.1  0.9 0 0 0 -0.42"/>
</filter>
${definitions}
</defs>
${content}
<rect width="1000" height="750" filter="url(#grain)" opacity="0.35"/>
</svg>`;
}

/** One decimal place is enough, and keeps the drawing's text small. */
export function at(value: number): string {
  return value.toFixed(1);
}
