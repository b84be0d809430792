// Step `tag`: words to search images by, made from the results of the other steps.
import type { StepResults } from '@shop/contracts/images';
import { distance, toLab } from './colors.js';

/** Above and below these an image as a whole looks light or dark. */
const LIGHT = 0.78;
const DARK = 0.42;

/** A difference in hue matters this much more than one in lightness. */
const HUE_WEIGHT = 2;

/** The name of a colour, its family, and an example; names with a wide range have several examples. */
const names: [name: string, family: string, color: string][] = [
  ['black', 'black', '#0d0d0d'],
  ['charcoal', 'grey', '#2c2c2e'],
  ['charcoal', 'grey', '#44474b'],
  ['grey', 'grey', '#626262'],
  ['grey', 'grey', '#8c8c8c'],
  ['silver', 'grey', '#b9bbbd'],
  ['silver', 'grey', '#dcdcdc'],
  ['white', 'white', '#fbfbfb'],
  ['ivory', 'white', '#f6f0e0'],
  ['ivory', 'white', '#ebe6dc'],
  ['cream', 'beige', '#f0e4c6'],
  ['beige', 'beige', '#d9c8ac'],
  ['sand', 'beige', '#c6ab80'],
  ['taupe', 'brown', '#8b7c6d'],
  ['tan', 'brown', '#b58a5a'],
  ['brown', 'brown', '#7a4e2d'],
  ['brown', 'brown', '#574035'],
  ['brown', 'brown', '#96705a'],
  ['chocolate', 'brown', '#452a1b'],
  ['rust', 'orange', '#a8481f'],
  ['terracotta', 'orange', '#cb6d4c'],
  ['orange', 'orange', '#f0821e'],
  ['peach', 'orange', '#f7c09a'],
  ['gold', 'yellow', '#c9a02c'],
  ['mustard', 'yellow', '#d3a518'],
  ['yellow', 'yellow', '#f7dd3b'],
  ['lime', 'green', '#a9d42c'],
  ['olive', 'green', '#6d6d2a'],
  ['sage', 'green', '#a3b396'],
  ['sage', 'green', '#82905f'],
  ['mint', 'green', '#b4e3cb'],
  ['mint', 'green', '#8fe8ac'],
  ['mint', 'green', '#cdeae4'],
  ['green', 'green', '#3e9a4a'],
  ['forest', 'green', '#20472c'],
  ['teal', 'blue', '#197f80'],
  ['turquoise', 'blue', '#41c7c4'],
  ['sky', 'blue', '#8fc5ee'],
  ['sky', 'blue', '#cfe3f4'],
  ['blue', 'blue', '#2c66c9'],
  ['blue', 'blue', '#24498f'],
  ['slate', 'blue', '#5d7289'],
  ['navy', 'blue', '#1c2a52'],
  ['navy', 'blue', '#10147a'],
  ['navy', 'blue', '#364569'],
  ['indigo', 'blue', '#3b3192'],
  ['purple', 'purple', '#7c3ea6'],
  ['purple', 'purple', '#5b18b8'],
  ['lavender', 'purple', '#c0aede'],
  ['lavender', 'purple', '#e0d8f0'],
  ['plum', 'purple', '#5d2650'],
  ['magenta', 'pink', '#cc2f90'],
  ['pink', 'pink', '#f08fb4'],
  ['blush', 'pink', '#f2cfcd'],
  ['coral', 'red', '#f8746a'],
  ['red', 'red', '#cd2a2a'],
  ['burgundy', 'red', '#6d1526'],
];
const table = names.map(([name, family, color]) => ({ name, family, lab: toNameLab(color) }));

function toNameLab(color: string): ReturnType<typeof toLab> {
  const [l, a, b] = toLab(color);
  return [l, HUE_WEIGHT * a, HUE_WEIGHT * b];
}

type Known = Pick<StepResults['decode'], 'orientation' | 'transparent'> &
  Pick<StepResults['analyse'], 'colors' | 'brightness'>;

export function tag({ orientation, transparent, colors, brightness }: Known): StepResults['tag'] {
  const form = [orientation, ...(transparent ? ['transparent'] : [])];
  const light = brightness > LIGHT ? ['light'] : brightness < DARK ? ['dark'] : [];
  return { tags: [...new Set([...colors.flatMap(namesOf), ...form, ...light])] };
}

/** The names of the nearest colour and of its family. */
function namesOf(color: string): string[] {
  const lab = toNameLab(color);
  const [first] = table.toSorted((a, b) => distance(a.lab, lab) - distance(b.lab, lab));
  return [first!.name, first!.family];
}
