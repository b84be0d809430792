// Sets a thing before a ground: a wall, a floor or a table, light and shadow.
import { createHash } from 'node:crypto';
import { groundFor, paintOf, tone, type Ground } from './palette.js';
import { defs, each, line, move, oval, type Thing } from './svg.js';
import { things } from './things.js';

export interface Product {
  name: string;
  /** Slug or name of its category. */
  category: string;
  tags: readonly string[];
}

/** SVG of 1000 × 1000. */
export function sceneOf({ name, category, tags }: Product): string {
  const bytes = createHash('sha256').update(name).digest();
  const dice = (i: number) => bytes[i]! / 256;
  const thing = thingFor(name, category);
  const paint = paintOf(name, tags);
  const ground = groundFor(paint.main, dice(0));
  const drawn = thing.draw(paint);
  const parts = { stands: standing, hangs: hanging, lies: lying }[thing.how](drawn, ground, dice);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 1000" width="1000" height="1000"><defs>${defs}
    <linearGradient id="wall" x2="0.6" y2="1"><stop stop-color="${tone(ground.wall, 0.03)}"/><stop offset="1" stop-color="${tone(ground.wall, -0.03)}"/></linearGradient>
    </defs><rect width="1000" height="1000" fill="url(#wall)"/>${parts}</svg>`;
}

function thingFor(name: string, category: string): Thing {
  const own = things[Object.keys(things).find((slug) => category.toLowerCase().includes(slug)) ?? 'home']!;
  const fits = (thing: Thing) => thing.name.test(name);
  return own.find(fits) ?? Object.values(things).flat().find(fits) ?? own[0]!;
}

type Dice = (i: number) => number;

function standing(drawn: string, ground: Ground, dice: Dice): string {
  const floor = `<path d="M0,745H1000V1000H0Z" fill="${ground.floor}"/><path d="M0,745H1000V1000H0Z" fill="url(#fall)" opacity=".6"/>`;
  const shadow = `<ellipse cx="530" cy="826" rx="270" ry="26" fill="#2a1f14" opacity=".32" filter="url(#soft)"/>`;
  return behind(ground, dice) + floor + shadow + drawn;
}

function hanging(drawn: string, ground: Ground, dice: Dice): string {
  return behind(ground, dice) + `<g filter="url(#cast)">${drawn}</g>`;
}

function lying(drawn: string, ground: Ground, dice: Dice): string {
  const corner = dice(2) < 0.5 ? 'M0,0H1000V300L0,640Z' : 'M1000,1000H0V780L1000,380Z';
  return `<path d="${corner}" fill="${ground.floor}" opacity=".55"/><g filter="url(#cast)">${drawn}</g>`;
}

/** Something quiet on the wall. */
function behind({ accent }: Ground, dice: Dice): string {
  const kind = Math.floor(dice(1) * 5);
  if (kind === 0) return oval(500, 430, [330], accent, { light: 'flat' });
  if (kind === 1) return `<path d="M190,1000V450a310,310 0 0 1 620,0V1000Z" fill="${accent}"/>`;
  if (kind === 2)
    return `<path d="M0,0H640L260,1000H0Z" fill="${accent}" opacity=".6"/><path d="M760,0H860L480,1000H380Z" fill="${accent}" opacity=".6"/>`;
  if (kind === 3) return twig(accent, dice(3) < 0.5 ? 90 : 910);
  return `<path d="M0,560Q250,470 500,540T1000,500V1000H0Z" fill="${accent}" opacity=".8"/>`;
}

/** The shadow of a plant at the side. */
function twig(color: string, x: number): string {
  const leaf = 'M0,0Q60,-70 130,-60Q100,10 0,0Z';
  const leaves = each(7, (i) =>
    move(`<path d="${leaf}" fill="${tone(color, -0.1)}"/>`, x, 700 - i * 85, i % 2 ? 5 : 175, 1.1 - i * 0.07),
  );
  return blurred(line(`M${x},1000V90`, tone(color, -0.1), 8) + leaves);
}

const blurred = (inner: string) => `<g opacity=".45" filter="url(#soft)">${inner}</g>`;
