// Which colours a product has, by the words in its name and tags, and which ground suits them.
import { converter, formatHex } from 'culori';
import type { Paint } from './svg.js';

const colors: Record<string, string> = {
  'bottle green': '#1f4b3a',
  'signal red': '#cf3327',
  'night express': '#2b4a7c',
  moss: '#6f7747',
  sage: '#a3b293',
  olive: '#7b7a3e',
  forest: '#2f5a41',
  green: '#5d8260',
  indigo: '#3c4b87',
  navy: '#24355c',
  ink: '#2d3d63',
  blue: '#44709d',
  madder: '#a33d33',
  brick: '#a95240',
  terracotta: '#c76c4d',
  tomato: '#c8503a',
  red: '#b9473b',
  rust: '#b1562d',
  cognac: '#a8672f',
  amber: '#d18f35',
  saffron: '#e1a526',
  sunflower: '#efbf35',
  mustard: '#d1a330',
  honey: '#d9a441',
  yellow: '#e3b945',
  blush: '#e6bcb1',
  pink: '#e2aeaa',
  plum: '#633a5a',
  purple: '#6d4468',
  charcoal: '#45484d',
  smoke: '#83868b',
  pebble: '#b9b4aa',
  fog: '#c4c7c6',
  slate: '#66727d',
  basalt: '#3d3f42',
  black: '#323134',
  grey: '#9b9c9b',
  chalk: '#eeeae0',
  opal: '#f5f2ea',
  white: '#f3efe6',
  oat: '#ddd0b7',
  ecru: '#e8dfc9',
  undyed: '#e5dac2',
  beige: '#d9c8ac',
  brown: '#835a3b',
  gold: '#c9a24a',
  natural: '#d9c197',
};

const materials: Record<string, string> = {
  'olive wood': '#b18a55',
  'cherry wood': '#9f5a3a',
  'lime wood': '#e2c594',
  walnut: '#6f4a34',
  oak: '#c79c67',
  beech: '#dbb98b',
  ash: '#dcc7a3',
  birch: '#e5d2ad',
  maple: '#deba88',
  acacia: '#9d6c42',
  cedar: '#b9784f',
  cork: '#caa26f',
  bamboo: '#d3b674',
  seagrass: '#b7a268',
  jute: '#c3a16c',
  brass: '#c9a24a',
  copper: '#c2784c',
  zinc: '#a5acb0',
  steel: '#b3b9be',
  iron: '#3d3d40',
  aluminium: '#c2c7ca',
  graphite: '#4b4d50',
  stoneware: '#c8bdab',
  porcelain: '#f2efe9',
  ceramic: '#c76c4d',
  terracotta: '#c76c4d',
  enamel: '#eef0ee',
  concrete: '#b1afaa',
  glass: '#bdd6d8',
  leather: '#8f5a34',
  canvas: '#b9a57e',
  linen: '#d8cbb1',
  wool: '#b9b0a2',
  cotton: '#e6decd',
  paper: '#f2ecdf',
  beeswax: '#e2b555',
  'soy wax': '#efe6d2',
  stone: '#85827c',
};

const woods = ['walnut', 'oak', 'beech', 'ash', 'birch', 'maple', 'acacia', 'cedar', 'cherry wood', 'olive wood'];
const metals = ['brass', 'copper', 'zinc', 'steel', 'iron', 'aluminium'];

const oklch = converter('oklch');

/** The same colour, lighter or darker (−1 to 1), and of another strength. */
export function tone(color: string, lighter: number, strength = 1): string {
  const { l, c, h } = oklch(color)!;
  return formatHex({ mode: 'oklch', l: Math.min(0.98, Math.max(0.12, l + lighter)), c: c * strength, h });
}

export function paintOf(name: string, tags: readonly string[]): Paint {
  // What comes after a comma says which one it is.
  const [what = '', which = ''] = name.toLowerCase().split(',');
  const texts = [which, what, ...tags.map((tag) => tag.toLowerCase())];
  const find = (words: Record<string, string>) => {
    for (const text of texts)
      for (const word of Object.keys(words)) if (new RegExp(`\\b${word}\\b`).test(text)) return words[word]!;
    return undefined;
  };
  const only = (names: string[]) => Object.fromEntries(names.map((word) => [word, materials[word]!]));
  const material = find(materials);
  const main = find(colors) ?? material ?? '#c9b79c';
  return {
    main,
    material: material ?? tone(main, 0.1),
    deep: tone(main, -0.13),
    pale: tone(main, 0.13, 0.8),
    wood: find(only(woods)) ?? materials['oak']!,
    metal: find(only(metals)) ?? '#b3b9be',
    many: ['#c8503a', '#e1a526', '#7f9a6b', '#44709d', '#e0aaa0', '#6d4468'],
  };
}

/** Hues that walls have. */
const walls = [35, 70, 95, 140, 190, 240, 300, 15];

export interface Ground {
  wall: string;
  floor: string;
  /** For a shape on the wall. */
  accent: string;
}

/** Far enough from the thing's own colour that it stands out; `dice` is 0 to 1. */
export function groundFor(main: string, dice: number): Ground {
  const { l, c, h = 0 } = oklch(main)!;
  const apart = (hue: number) => Math.abs(((hue - h + 540) % 360) - 180);
  const far = c < 0.03 ? walls : walls.filter((hue) => apart(hue) > 40);
  const hue = far[Math.floor(dice * far.length)]!;
  const isLight = l > 0.82;
  const wall = { mode: 'oklch' as const, l: isLight ? 0.77 : 0.9, c: isLight ? 0.055 : 0.032, h: hue };
  return {
    wall: formatHex(wall),
    floor: formatHex({ ...wall, l: wall.l - 0.07, c: wall.c * 1.2, h: hue - 15 }),
    accent: formatHex({ ...wall, l: wall.l + (isLight ? -0.05 : 0.03), c: wall.c * 1.25, h: hue + 20 }),
  };
}
