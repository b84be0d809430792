// Everything that can be drawn, by category; the first of each is what it looks like when the name says nothing.
import { bags } from './bags.js';
import { desk } from './desk.js';
import { garden } from './garden.js';
import { home } from './home.js';
import { kids } from './kids.js';
import { kitchen } from './kitchen.js';
import { light } from './light.js';
import type { Thing } from './svg.js';
import { textiles } from './textiles.js';

export const things: Record<string, Thing[]> = { kitchen, textiles, light, desk, garden, bags, kids, home };
