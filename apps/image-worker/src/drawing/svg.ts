// Small words for SVG. All drawing is in a box of 1000 × 1000 with light from the upper left.

/** What a thing is painted with, as #rrggbb. */
export interface Paint {
  main: string;
  /** What it is made of, or its second part. */
  material: string;
  /** Deeper and paler kinds of main. */
  deep: string;
  pale: string;
  wood: string;
  metal: string;
  /** Several that go together. */
  many: string[];
}

/** A thing of about 250 to 750 across; what stands does so at y = 820. */
export type Draw = (paint: Paint) => string;

export interface Thing {
  /** Found in the product's name. */
  name: RegExp;
  /** On the floor, on the wall or from the ceiling, or seen from above. */
  how: 'stands' | 'hangs' | 'lies';
  draw: Draw;
}

/** Which light falls on a surface: across something round, down something tall, or none. */
type Light = 'round' | 'fall' | 'flat';
/** What a surface is of; see defs. */
type Texture = 'weave' | 'knit' | 'grain' | 'speckle' | 'ribs' | 'stripes' | 'check' | 'wicker';

interface Look {
  light?: Light;
  texture?: Texture;
}

/** A filled outline, lit, with a texture over it. */
export function form(d: string, fill: string, { light = 'round', texture }: Look = {}): string {
  const over = [...(texture ? [texture] : []), ...(light === 'flat' ? [] : [light])];
  return `<path d="${d}" fill="${fill}"/>` + over.map((id) => `<path d="${d}" fill="url(#${id})"/>`).join('');
}

export function box(
  x: number,
  y: number,
  [w, h, r = 0]: [w: number, h: number, r?: number],
  fill: string,
  look?: Look,
) {
  const [right, bottom] = [x + w, y + h];
  const d =
    `M${x + r},${y}H${right - r}Q${right},${y} ${right},${y + r}V${bottom - r}Q${right},${bottom} ${right - r},${bottom}` +
    `H${x + r}Q${x},${bottom} ${x},${bottom - r}V${y + r}Q${x},${y} ${x + r},${y}Z`;
  return form(d, fill, look);
}

export function oval(
  x: number,
  y: number,
  [rx, ry = rx]: [rx: number, ry?: number],
  fill: string,
  look?: Look,
): string {
  return form(`M${x - rx},${y}a${rx},${ry} 0 1 0 ${2 * rx},0a${rx},${ry} 0 1 0 ${-2 * rx},0Z`, fill, look);
}

/** A line of some width, round at its ends. */
export function line(d: string, color: string, width: number, more = ''): string {
  return `<path d="${d}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round" ${more}/>`;
}

export function move(inner: string, x: number, y: number, angle = 0, scale = 1): string {
  return `<g transform="translate(${x} ${y}) rotate(${angle}) scale(${scale})">${inner}</g>`;
}

export function clear(inner: string, opacity: number): string {
  return `<g opacity="${opacity}">${inner}</g>`;
}

export const each = (count: number, draw: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => draw(i)).join('');

const stops = (...list: [at: number, color: string, opacity: number][]) =>
  list.map(([at, color, opacity]) => `<stop offset="${at}" stop-color="${color}" stop-opacity="${opacity}"/>`).join('');

const pattern = (id: Texture, size: number, inner: string) =>
  `<pattern id="${id}" width="${size}" height="${size}" patternUnits="userSpaceOnUse">${inner}</pattern>`;

const [dark, pale] = ['#201810', '#ffffff'];

export const defs = `
<linearGradient id="round">${stops([0, dark, 0.1], [0.22, pale, 0.24], [0.5, pale, 0], [1, dark, 0.3])}</linearGradient>
<linearGradient id="fall" x2="0.25" y2="1">${stops([0, pale, 0.22], [0.45, pale, 0], [1, dark, 0.2])}</linearGradient>
<radialGradient id="glow">${stops([0, '#fff3cf', 0.95], [0.35, '#ffe3a0', 0.4], [1, '#ffdf9a', 0])}</radialGradient>
<filter id="soft" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="16"/></filter>
<filter id="cast" x="-20%" y="-20%" width="150%" height="150%">
  <feGaussianBlur in="SourceAlpha" stdDeviation="20"/><feOffset dx="26" dy="34"/>
  <feComponentTransfer><feFuncA type="linear" slope="0.3"/></feComponentTransfer>
  <feMerge><feMergeNode/><feMergeNode in="SourceGraphic"/></feMerge></filter>
${pattern('weave', 10, line('M0,2.5H10M0,7.5H10', dark, 1.2, 'opacity=".1"') + line('M2.5,0V10M7.5,0V10', pale, 1.2, 'opacity=".16"'))}
${pattern('knit', 24, line('M0,4L12,14L24,4M0,16L12,26L24,16', dark, 3, 'opacity=".14"'))}
${pattern('grain', 160, line('M0,12Q40,4 80,14T160,12M0,40Q60,50 90,38T160,40M0,72Q30,64 80,76T160,72M0,104Q50,112 100,100T160,104M0,138Q60,130 110,142T160,138', dark, 2, 'opacity=".16"'))}
${pattern(
  'speckle',
  90,
  each(
    14,
    (i) =>
      `<circle cx="${(i * 37) % 88}" cy="${(i * 53 + 11) % 86}" r="${1.4 + (i % 3)}" fill="#4a3a2c" opacity=".4"/>`,
  ),
)}
${pattern('ribs', 28, line('M4,0V28', pale, 5, 'opacity=".22"') + line('M18,0V28', dark, 5, 'opacity=".12"'))}
${pattern('stripes', 72, `<rect width="26" height="72" fill="${pale}" opacity=".6"/>`)}
${pattern('check', 96, `<g fill="${dark}" opacity=".22"><rect width="40" height="96"/><rect width="96" height="40"/></g>${line('M68,0V96M0,68H96', '#f5dc9a', 4, 'opacity=".7"')}`)}
${pattern('wicker', 44, `<g stroke="${dark}" stroke-opacity=".22" stroke-width="3" fill="none"><path d="M0,11Q11,2 22,11T44,11M0,33Q11,42 22,33T44,33M22,0V11M0,11V33M44,11V33M22,33V44"/></g>`)}
`;
