import { at, picture, seededRandom, times } from './random.ts';

/** The portrait of a tabby cat in front of a window. */
export function cat(): string {
  const random = seededRandom(5);
  const between = (low: number, high: number) => low + random() * (high - low);
  const pick = (tones: string[]) => tones[Math.floor(random() * tones.length)] ?? '#000000';

  /** Hairs inside an ellipse, combed away from `(fromX, fromY)`. */
  const fur = (
    count: number,
    area: { x: number; y: number; rx: number; ry: number },
    from: { x: number; y: number },
    length: number,
    tones: string[],
  ) =>
    times(count, () => {
      const angle = random() * Math.PI * 2;
      const reach = Math.sqrt(random());
      const x = area.x + Math.cos(angle) * area.rx * reach;
      const y = area.y + Math.sin(angle) * area.ry * reach;
      const direction = Math.atan2(y - from.y, x - from.x) + between(-0.35, 0.35);
      const hair = length * between(0.6, 1.3);
      const dx = Math.cos(direction) * hair;
      const dy = Math.sin(direction) * hair + hair * 0.2;
      return `<path d="M${at(x)} ${at(y)}q${at(dx * 0.4)} ${at(dy * 0.6)} ${at(dx)} ${at(dy)}" fill="none" stroke="${pick(tones)}" stroke-width="${at(between(1, 2.4))}" opacity="0.7"/>`;
    });

  const warm = ['#5d452f', '#8d6a48', '#b98f65', '#d8b48a', '#3f2e20'];
  const light = ['#f3e4cc', '#e3cba8', '#c9ab82', '#fff6e6'];
  const nose = { x: 500, y: 430 };

  const eye = (x: number, mirror: number) =>
    `<g transform="translate(${x} 330) scale(${mirror} 1)"><path d="M-66 10q20 -52 66 -54q46 4 62 46q-26 44 -66 44q-42 -2 -62 -36z" fill="#1d1511"/><path d="M-54 8q20 -40 54 -42q38 4 50 36q-22 36 -52 36q-34 -2 -52 -30z" fill="url(#iris)"/>${times(40, (index) => `<path d="M${at(Math.cos(index / 6.4) * 12)} ${at(2 + Math.sin(index / 6.4) * 14)}L${at(Math.cos(index / 6.4) * 34)} ${at(2 + Math.sin(index / 6.4) * 30)}" stroke="#6c7a2b" stroke-width="1.500" opacity="0.5"/>`)}<ellipse cx="0" cy="3" rx="14" ry="32" fill="#0b0806"/><ellipse cx="-15" cy="-14" rx="10" ry="9" fill="#fff"/><circle cx="14" cy="18" r="4" fill="#fff" opacity="0.7"/><path d="M-80 16q34 -66 82 -64q46 4 68 48" fill="none" stroke="#1d1511" stroke-width="6"/></g>`;

  const stripe = (path: string, width: number) =>
    `<path d="${path}" fill="none" stroke="#2e2118" stroke-width="${width}" stroke-linecap="round" opacity="0.75"/>`;
  const mirrored = (fragment: string) =>
    `${fragment}<g transform="translate(1000 0) scale(-1 1)">${fragment}</g>`;

  const whiskers = times(7, (index) => {
    const y = 452 + index * 9;
    const reach = 250 - Math.abs(index - 3) * 22;
    return `<path d="M${at(568 + (index % 2) * 12)} ${y}q${at(reach * 0.5)} ${at((index - 4) * 12)} ${reach} ${at((index - 3) * 26)}" fill="none" stroke="#fffaf0" stroke-width="2.600"/>`;
  });

  const ear = `<path d="M318 236q-34 -120 -12 -204q88 48 152 134z" fill="url(#coat)" stroke="#2e2118" stroke-width="4"/><path d="M334 210q-18 -84 -8 -138q58 38 96 92z" fill="url(#ear)"/>`;

  return picture(
    `<linearGradient id="room" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#dfe7e2"/><stop offset="0.4" stop-color="#98aca9"/><stop offset="1" stop-color="#39474a"/></linearGradient>
<radialGradient id="coat" cx="0.42" cy="0.36" r="0.75"><stop offset="0" stop-color="#dcb88c"/><stop offset="0.55" stop-color="#a67d55"/><stop offset="1" stop-color="#553d29"/></radialGradient>
<radialGradient id="chest" cx="0.45" cy="0.2" r="0.9"><stop offset="0" stop-color="#fff5e2"/><stop offset="0.5" stop-color="#cfae84"/><stop offset="1" stop-color="#503925"/></radialGradient>
<linearGradient id="ear" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#d89c8a"/><stop offset="1" stop-color="#6d4237"/></linearGradient>
<radialGradient id="iris" cx="0.5" cy="0.6" r="0.6"><stop offset="0" stop-color="#f2f0a0"/><stop offset="0.6" stop-color="#b9c24e"/><stop offset="1" stop-color="#4f6420"/></radialGradient>
<linearGradient id="leaf" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#9fb77c"/><stop offset="1" stop-color="#2c4428"/></linearGradient>`,
    `<rect width="1000" height="750" fill="url(#room)"/>
<g fill="#f7faf4" opacity="0.75"><rect x="40" y="-10" width="190" height="300"/><rect x="254" y="-10" width="190" height="300"/><rect x="40" y="314" width="190" height="250"/></g>
<path d="M242 -10v580M30 302h420M30 -10v580h420V-10" stroke="#6d6a60" stroke-width="20" fill="none"/><path d="M246 -10v570M36 306h410M450 -10v576" stroke="#c9c4b4" stroke-width="6" fill="none"/>
<g transform="translate(860 420)">${times(11, (index) => `<path transform="rotate(${-100 + index * 20})" d="M0 0q34 -70 10 -230q-64 80 -10 230z" fill="url(#leaf)" stroke="#21361e" stroke-width="2.500"/><path transform="rotate(${-100 + index * 20})" d="M2 -10q10 -80 8 -200" stroke="#21361e" stroke-width="2" fill="none"/>`)}</g>
<path d="M790 430h150l-24 210h-102z" fill="#9a5a3b" stroke="#4d2819" stroke-width="4"/><path d="M780 420h170v36H780z" fill="#b46f4c" stroke="#4d2819" stroke-width="4"/><path d="M890 460h44l-22 176h-30z" fill="#4d2819" opacity="0.45" filter="url(#soft)"/>
<path d="M0 640h1000v110H0z" fill="#6b533c"/><path d="M0 642h1000" stroke="#c7a277" stroke-width="6"/>
<ellipse cx="500" cy="724" rx="330" ry="40" fill="#20170f" opacity="0.6" filter="url(#soft)"/>
<path d="M330 500q-110 90 -116 260h572q-6 -170 -116 -260z" fill="url(#chest)" stroke="#3a2a1c" stroke-width="3"/>
${fur(700, { x: 500, y: 650, rx: 262, ry: 130 }, { x: 500, y: 380 }, 34, [...light, '#8d6a48'])}
${mirrored(stripe('M250 640q40 -10 70 12', 16) + stripe('M236 700q46 -12 84 10', 18) + stripe('M286 584q30 -6 52 14', 13))}
${mirrored(ear)}${fur(90, { x: 372, y: 160, rx: 36, ry: 60 }, { x: 420, y: 300 }, 34, light)}${fur(90, { x: 628, y: 160, rx: 36, ry: 60 }, { x: 580, y: 300 }, 34, light)}
<path d="M500 140c120 0 226 76 232 206c2 62 -34 104 -76 138c-44 36 -98 62 -156 62s-112 -26 -156 -62c-42 -34 -78 -76 -76 -138c6 -130 112 -206 232 -206z" fill="url(#coat)" stroke="#2e2118" stroke-width="3"/>
${fur(900, { x: 500, y: 320, rx: 216, ry: 180 }, nose, 26, warm)}
<ellipse cx="500" cy="478" rx="112" ry="66" fill="#f6e9d2" opacity="0.9" filter="url(#soft)"/><ellipse cx="410" cy="392" rx="60" ry="34" fill="#f2dfc0" opacity="0.65" filter="url(#soft)"/><ellipse cx="590" cy="392" rx="60" ry="34" fill="#f2dfc0" opacity="0.65" filter="url(#soft)"/>
${fur(260, { x: 500, y: 486, rx: 110, ry: 56 }, { x: 500, y: 440 }, 22, light)}
${mirrored(stripe('M474 158q-8 56 2 96', 13) + stripe('M430 166q-2 50 22 86', 12) + stripe('M388 190q8 40 34 62', 11) + stripe('M290 372q44 -4 78 22', 12) + stripe('M288 412q48 -2 86 30', 12) + stripe('M310 450q36 4 66 28', 10))}${stripe('M500 150v92', 11)}
${eye(400, 1)}${eye(600, -1)}
<path d="M446 350q18 40 24 84M554 350q-18 40 -24 84" fill="none" stroke="#3a2a1c" stroke-width="5" opacity="0.45" filter="url(#soft)"/>
<path d="M462 424q38 -16 76 0q-6 30 -38 42q-32 -12 -38 -42z" fill="#b3665a" stroke="#4d241e" stroke-width="3.500"/><path d="M474 430q24 -10 50 0" stroke="#e8b0a3" stroke-width="5" fill="none" opacity="0.8"/><path d="M478 444q6 -6 12 2M522 444q-6 -6 -12 2" stroke="#3b1814" stroke-width="5" fill="none"/>
<path d="M500 466v24q-8 30 -52 24M500 490q8 30 52 24" fill="none" stroke="#33211a" stroke-width="4.500" stroke-linecap="round"/>
${mirrored(times(9, (index) => `<circle cx="${at(548 + (index % 3) * 18)}" cy="${at(466 + Math.floor(index / 3) * 14)}" r="2.600" fill="#4a3423"/>`) + whiskers)}
<path d="M420 700q-20 -70 8 -120M580 700q20 -70 -8 -120" fill="none" stroke="#4a3423" stroke-width="4" opacity="0.6"/>`,
  );
}
