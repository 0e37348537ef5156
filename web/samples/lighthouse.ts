import { at, picture, seededRandom, times } from './random.ts';

/** A lighthouse on a rocky headland in the evening. */
export function lighthouse(): string {
  const random = seededRandom(11);
  const between = (low: number, high: number) => low + random() * (high - low);

  const clouds = [
    [170, 150, 1.2],
    [430, 95, 0.8],
    [890, 190, 1.1],
    [60, 285, 0.7],
  ].map(([x = 0, y = 0, size = 1]) =>
    times(13, (index) => {
      const dx = (index - 6) * 24 * size + between(-10, 10);
      const radius = (46 - Math.abs(index - 6) * 5) * size * between(0.75, 1.1);
      return `<ellipse cx="${at(x + dx)}" cy="${at(y - radius * 0.4)}" rx="${at(radius * 1.25)}" ry="${at(radius * 0.72)}" fill="url(#cloud)"/>`;
    }),
  );

  const waves = times(150, () => {
    const depth = random() ** 1.5;
    const y = 476 + depth * 260;
    const length = 14 + depth * 95 * between(0.5, 1.2);
    const x = between(-40, 1_000);
    const lift = 2 + depth * 7;
    const tone = random() < 0.45 ? '#f6d9b4' : '#163247';
    return `<path d="M${at(x)} ${at(y)}q${at(length / 2)} ${at(-lift)} ${at(length)} 0" fill="none" stroke="${tone}" stroke-width="${at(1 + depth * 3)}" opacity="${at(0.35 + depth * 0.3)}"/>`;
  });

  const rocks = times(64, (index) => {
    const x = 470 + between(0, 560);
    const slope = Math.max(0, 640 - x) * 0.55;
    const y = 520 + slope + between(0, 190);
    const size = between(16, 58);
    const points = times(7, (corner) => {
      const angle = (corner / 7) * Math.PI * 2 + between(-0.25, 0.25);
      const reach = size * between(0.7, 1.1);
      return `${at(x + Math.cos(angle) * reach * 1.3)},${at(y + Math.sin(angle) * reach * 0.75)} `;
    });
    const tone = ['#55493f', '#6d5c4d', '#40372f', '#857160'][index % 4];
    return `<polygon points="${points}" fill="${tone}"/><path d="M${at(x - size * 0.8)} ${at(y - size * 0.32)}l${at(size * 0.7)} ${at(-size * 0.3)} ${at(size * 0.7)} ${at(size * 0.18)}" fill="none" stroke="#c9a988" stroke-width="2.500" opacity="0.6"/>`;
  });

  const grass = times(260, () => {
    const x = between(560, 1_000);
    const ground = 478 - 26 * Math.sin(((x - 540) / 460) * Math.PI * 0.7);
    const y = ground + between(0, 38);
    const tone = random() < 0.5 ? '#3f5230' : '#8a8f4c';
    return `<path d="M${at(x)} ${at(y)}q${at(between(-3, 3))} ${at(-between(6, 11))} ${at(between(-8, 8))} ${at(-between(12, 22))}" fill="none" stroke="${tone}" stroke-width="2"/>`;
  });

  const gulls = [
    [300, 250, 1],
    [352, 222, 0.7],
    [250, 306, 0.8],
    [415, 285, 0.55],
  ]
    .map(
      ([x = 0, y = 0, size = 1]) =>
        `<path transform="translate(${x} ${y}) scale(${size})" d="M-30 -6q16 -14 30 4q14 -18 30 -4q-18 -5 -30 10q-12 -15 -30 -10z" fill="#2c3440"/>`,
    )
    .join('');

  return picture(
    `<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#4d7396"/><stop offset="0.55" stop-color="#b6c2c0"/><stop offset="0.85" stop-color="#f3d3a4"/><stop offset="1" stop-color="#f0b57f"/></linearGradient>
<linearGradient id="sea" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#a9a79a"/><stop offset="0.25" stop-color="#56808f"/><stop offset="1" stop-color="#143247"/></linearGradient>
<linearGradient id="wall" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#fff6e4"/><stop offset="0.35" stop-color="#f5ead6"/><stop offset="0.7" stop-color="#b5a996"/><stop offset="1" stop-color="#6f675d"/></linearGradient>
<linearGradient id="band" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#d85a41"/><stop offset="0.4" stop-color="#b53f2c"/><stop offset="1" stop-color="#571d17"/></linearGradient>
<linearGradient id="land" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#74804a"/><stop offset="0.35" stop-color="#5c5142"/><stop offset="1" stop-color="#2d2824"/></linearGradient>
<radialGradient id="cloud"><stop offset="0" stop-color="#fff4e2" stop-opacity="0.85"/><stop offset="0.6" stop-color="#e9dccb" stop-opacity="0.5"/><stop offset="1" stop-color="#b8bfc2" stop-opacity="0"/></radialGradient>
<radialGradient id="lamp"><stop offset="0" stop-color="#fffbe0"/><stop offset="0.4" stop-color="#ffe9a6" stop-opacity="0.7"/><stop offset="1" stop-color="#ffe9a6" stop-opacity="0"/></radialGradient>
<linearGradient id="beam" x1="1" y1="0" x2="0" y2="0"><stop offset="0" stop-color="#fff6cf" stop-opacity="0.75"/><stop offset="1" stop-color="#fff6cf" stop-opacity="0"/></linearGradient>
<clipPath id="tower"><path d="M694 478 716 190h68l22 288z"/></clipPath>`,
    `<rect width="1000" height="480" fill="url(#sky)"/>${clouds.join('')}
<path d="M0 470q70 -46 150 -40t130 22q60 -8 110 22z" fill="#7d8b93"/><path d="M0 474q90 -26 190 -10t150 12z" fill="#5f717c"/>
<rect y="472" width="1000" height="278" fill="url(#sea)"/>
<ellipse cx="250" cy="490" rx="270" ry="16" fill="#ffe2b2" opacity="0.7" filter="url(#soft)"/>${waves}
<path d="M745 160 0 40v150z" fill="url(#beam)"/>
<path d="M1000 750V440q-120 -34 -260 8q-120 22 -180 60q-60 46 -110 80q-60 40 -90 162z" fill="url(#land)" filter="url(#rough)"/>
<g filter="url(#rough)">${rocks}</g>
<path d="M1000 440q-120 -34 -260 8q-120 22 -180 60q120 -30 220 -26q110 -2 220 24z" fill="#6f7a45"/>${grass}
<g><path d="M848 470v-74l52 -40 58 40v76z" fill="#d9c9ae"/><path d="M900 356l58 40v76h-46z" fill="#84786a"/><path d="M838 402l62 -54 70 54z" fill="#7c3327"/><path d="M900 348l70 54h-56z" fill="#4a1f1a"/><rect x="866" y="416" width="20" height="26" fill="#2e3a46"/><path d="M876 416v26M866 429h20" stroke="#e9dcc4" stroke-width="2"/><rect x="925" y="372" width="14" height="24" fill="#5f5348"/></g>
<ellipse cx="820" cy="486" rx="150" ry="14" fill="#1f1d18" opacity="0.5" filter="url(#soft)"/>
<path d="M694 478 716 190h68l22 288z" fill="url(#wall)"/>
<g clip-path="url(#tower)" fill="url(#band)"><rect x="690" y="232" width="120" height="52"/><rect x="690" y="340" width="120" height="52"/><rect x="690" y="444" width="120" height="40"/></g>
<g fill="#35302c"><path d="M742 300h15v26h-15zM741 408h17v28h-17zM743 206h13v20h-13z"/></g>
<path d="M704 190h92l-8 -16h-76z" fill="#4b4540"/><path d="M700 174h100M706 174v-20M724 174v-20M742 174v-20M760 174v-20M778 174v-20M795 174v-20M702 154h97" stroke="#2f2b28" stroke-width="3.500" fill="none"/>
<rect x="722" y="110" width="56" height="62" fill="#ffeebd"/><path d="M722 110v62M741 110v62M760 110v62M778 110v62M722 140h56" stroke="#37322d" stroke-width="4"/>
<path d="M714 112q36 -58 72 0z" fill="#8c3426"/><path d="M750 82q22 4 36 30h-30z" fill="#4e1c16"/><path d="M750 84v-26" stroke="#37322d" stroke-width="4"/><circle cx="750" cy="58" r="5" fill="#37322d"/>
<circle cx="750" cy="141" r="70" fill="url(#lamp)"/>${gulls}`,
  );
}
