import { at, picture, seededRandom, times } from './random.ts';

/** A jug, pears, an apple and grapes on a cloth by a window. */
export function stillLife(): string {
  const random = seededRandom(29);
  const between = (low: number, high: number) => low + random() * (high - low);

  const wall = times(90, () => {
    const x = between(0, 1_000);
    const y = between(0, 470);
    return `<ellipse cx="${at(x)}" cy="${at(y)}" rx="${at(between(30, 110))}" ry="${at(between(14, 40))}" fill="${random() < 0.5 ? '#b4a88c' : '#6f6a58'}" opacity="0.1"/>`;
  });

  const planks = times(6, (index) => {
    const y = 520 + index * index * 7 + index * 10;
    return `<path d="M0 ${y}q300 ${at(between(-4, 4))} 1000 ${at(between(-3, 3))}" fill="none" stroke="#3a2415" stroke-width="${2 + index * 0.6}" opacity="0.6"/>`;
  });
  const woodgrain = times(170, () => {
    const x = between(-50, 1_000);
    const y = between(496, 750);
    return `<path d="M${at(x)} ${at(y)}q${at(between(30, 90))} ${at(between(-4, 4))} ${at(between(80, 190))} 0" fill="none" stroke="${random() < 0.6 ? '#4c2f1b' : '#c08a58'}" stroke-width="1.400" opacity="0.4"/>`;
  });

  // Rows that get shorter: a bunch that lies on its side and thins out to the right and below.
  const grapes = [9, 9, 8, 6, 5, 3].map((length, row) =>
    times(length, (index) => {
      const x = 712 + index * 31 + row * 13 + between(-7, 7);
      const y = 566 + row * 23 + between(-6, 6) + Math.abs(index - 4) * 2;
      return `<circle cx="${at(x)}" cy="${at(y)}" r="${at(between(19, 23))}" fill="url(#grape)" stroke="#1f1025" stroke-width="1.500"/><ellipse cx="${at(x - 6)}" cy="${at(y - 8)}" rx="4.500" ry="3" fill="#f3e6f5" opacity="0.85"/>`;
    }),
  );

  const folds = times(9, (index) => {
    const x = 70 + index * 58 + between(-12, 12);
    return `<path d="M${at(x)} 598q${at(between(-22, 22))} 70 ${at(between(-34, 34))} 152" fill="none" stroke="${index % 2 ? '#8f8876' : '#fffdf4'}" stroke-width="${at(between(5, 14))}" opacity="0.5" filter="url(#soft)"/><path d="M${at(x + 9)} 604q${at(between(-16, 16))} 70 ${at(between(-30, 30))} 146" fill="none" stroke="#6e6756" stroke-width="1.800" opacity="0.7"/>`;
  });

  const speckles = (count: number, x: number, y: number, spreadX: number, spreadY: number) =>
    times(count, () => {
      const angle = random() * Math.PI * 2;
      const reach = Math.sqrt(random());
      return `<circle cx="${at(x + Math.cos(angle) * reach * spreadX)}" cy="${at(y + Math.sin(angle) * reach * spreadY)}" r="${at(between(0.8, 1.8))}" fill="#5c3a12" opacity="0.55"/>`;
    });

  const pear = (x: number, y: number, scale: number, turn: number) =>
    `<g transform="translate(${x} ${y}) rotate(${turn}) scale(${scale})"><path d="M0 -128c34 0 40 36 46 66c8 36 46 54 46 108c0 56 -44 84 -92 84s-92 -28 -92 -84c0 -54 38 -72 46 -108c6 -30 12 -66 46 -66z" fill="url(#pear)" stroke="#54470f" stroke-width="2.500"/><path d="M56 8c26 34 30 90 -12 116" fill="none" stroke="#7b4a16" stroke-width="26" opacity="0.4" filter="url(#soft)"/><ellipse cx="-34" cy="34" rx="20" ry="40" fill="#fffbd2" opacity="0.6" filter="url(#soft)"/><path d="M2 -126q-4 -30 16 -50" fill="none" stroke="#3d2712" stroke-width="8" stroke-linecap="round"/>${speckles(70, 0, 46, 76, 70)}</g>`;

  return picture(
    `<linearGradient id="wallLight" x1="0" y1="0" x2="1" y2="0.5"><stop offset="0" stop-color="#ddd1b4"/><stop offset="0.45" stop-color="#a59b80"/><stop offset="1" stop-color="#464338"/></linearGradient>
<linearGradient id="table" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#a9733f"/><stop offset="0.5" stop-color="#845430"/><stop offset="1" stop-color="#43281a"/></linearGradient>
<linearGradient id="jug" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#86a4ba"/><stop offset="0.24" stop-color="#dbe8ee"/><stop offset="0.5" stop-color="#5d829f"/><stop offset="0.85" stop-color="#213d55"/><stop offset="1" stop-color="#3f6480"/></linearGradient>
<radialGradient id="pear" cx="0.34" cy="0.42" r="0.8"><stop offset="0" stop-color="#f4ec9d"/><stop offset="0.45" stop-color="#cfbd4c"/><stop offset="0.8" stop-color="#8c7a24"/><stop offset="1" stop-color="#5d4b15"/></radialGradient>
<radialGradient id="apple" cx="0.34" cy="0.3" r="0.85"><stop offset="0" stop-color="#f7a98a"/><stop offset="0.3" stop-color="#cc3f2e"/><stop offset="0.75" stop-color="#8a1b1c"/><stop offset="1" stop-color="#430d10"/></radialGradient>
<radialGradient id="grape" cx="0.32" cy="0.28" r="0.85"><stop offset="0" stop-color="#a885b4"/><stop offset="0.4" stop-color="#5f3a70"/><stop offset="1" stop-color="#231130"/></radialGradient>
<linearGradient id="cloth" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#fbf6e6"/><stop offset="0.6" stop-color="#d6cdb6"/><stop offset="1" stop-color="#9d947f"/></linearGradient>`,
    `<rect width="1000" height="500" fill="url(#wallLight)"/>${wall}
<path d="M0 0h150l150 490H0z" fill="#fff4d2" opacity="0.28" filter="url(#soft)"/>
<rect y="490" width="1000" height="260" fill="url(#table)"/><path d="M0 492h1000" stroke="#d9a368" stroke-width="5" opacity="0.7"/>${planks}${woodgrain}
<path d="M20 590q120 -40 300 -34q220 4 320 40q24 60 -20 154H0V620z" fill="url(#cloth)" filter="url(#rough)"/>${folds}
<g opacity="0.55" filter="url(#soft)" fill="#1b120b"><ellipse cx="500" cy="590" rx="220" ry="26"/><ellipse cx="770" cy="682" rx="190" ry="24"/><ellipse cx="330" cy="662" rx="250" ry="22"/></g>
<path d="M470 212q150 -34 160 76q6 96 -92 142" fill="none" stroke="#2b4a63" stroke-width="24"/><path d="M474 206q144 -28 150 82q4 88 -84 134" fill="none" stroke="#a9c4d6" stroke-width="7" opacity="0.8"/>
<path d="M344 140q20 40 14 78q-8 40 -46 82q-42 48 -42 134q0 96 56 146h180q56 -50 56 -146q0 -86 -42 -134q-38 -42 -46 -82q-4 -42 12 -82z" fill="url(#jug)" stroke="#17293a" stroke-width="3"/>
<path d="M346 132l-38 -12q0 30 46 58" fill="#cfdde5" stroke="#17293a" stroke-width="3"/>
<ellipse cx="415" cy="139" rx="72" ry="17" fill="#1a2b3a" stroke="#dbe8ee" stroke-width="7"/>
<g fill="none" stroke="#18344b" stroke-width="4" opacity="0.85"><path d="M281 372q134 44 270 0M273 468q140 48 286 0"/><path d="M300 424q14 -34 28 0t28 4t28 4t28 2t28 -2t28 -4t28 -4" stroke-width="6"/></g>
<path d="M322 300q-32 60 -26 160q4 60 26 96" fill="none" stroke="#fff" stroke-width="22" opacity="0.5" filter="url(#soft)"/>
${pear(176, 520, 1.02, -7)}${pear(318, 556, 0.86, 14)}
<g transform="translate(628 560)"><path d="M0 -88c30 -24 104 -16 104 62c0 70 -52 118 -104 110c-52 8 -104 -40 -104 -110c0 -78 74 -86 104 -62z" fill="url(#apple)" stroke="#36090c" stroke-width="2.500"/><path d="M-20 -82q20 18 42 0q-20 12 -42 0z" fill="#2b0708"/><path d="M0 -84q0 -34 20 -52" fill="none" stroke="#3d2712" stroke-width="7" stroke-linecap="round"/><path d="M14 -118q34 -38 78 -22q-30 40 -78 22z" fill="#5c7a34" stroke="#2e4216" stroke-width="2.500"/><path d="M20 -118q36 -18 64 -20" stroke="#2e4216" stroke-width="2" fill="none"/><ellipse cx="-44" cy="-34" rx="22" ry="30" fill="#fff3ea" opacity="0.7" filter="url(#soft)"/>${times(16, (index) => `<path d="M${at(-80 + index * 11)} ${at(-46 + Math.abs(index - 8) * 3)}q${at((index - 8) * 2)} 50 ${at((index - 8) * -1.5)} 96" fill="none" stroke="#f0a07c" stroke-width="1.500" opacity="0.4"/>`)}</g>
<path d="M840 560q-20 -50 -74 -64M830 556q30 -44 84 -40" fill="none" stroke="#4d3a1c" stroke-width="7" stroke-linecap="round"/><path d="M900 512q62 -46 98 6q-26 40 -92 22z" fill="#6f8440" stroke="#37461a" stroke-width="3"/><path d="M904 520q46 -14 90 0M930 516q10 -14 24 -18M946 526q18 8 26 14" stroke="#37461a" stroke-width="2" fill="none"/>
<g>${grapes.join('')}</g>`,
  );
}
