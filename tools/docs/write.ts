// npm run docs: writes what the documentation takes from the code: docs/configuration.md and the README's map of services.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../data-dir.ts';
import { configurationTable } from './configuration.ts';
import { serviceMap } from './map.ts';

const sections = [
  { file: 'docs/configuration.md', name: 'configuration', text: configurationTable },
  { file: 'README.md', name: 'services', text: serviceMap },
];

/** Each generated file as it is, and as it should be. */
export function generated(): { file: string; current: string; wanted: string }[] {
  return sections.map(({ file, name, text }) => {
    const [begin, end] = [`<!-- ${name}: begin (npm run docs) -->`, `<!-- ${name}: end -->`];
    const current = readFileSync(join(root, file), 'utf8');
    const [before, rest] = current.split(begin);
    const after = rest?.split(end)[1];
    if (before === undefined || after === undefined) throw new Error(`${file} needs the lines ${begin} and ${end}`);
    const wanted = `${before}${begin}\n\n<!-- prettier-ignore-start -->\n\n${text()}\n\n<!-- prettier-ignore-end -->\n\n${end}${after}`;
    return { file, current, wanted };
  });
}

if (import.meta.main) for (const { file, wanted } of generated()) writeFileSync(join(root, file), wanted);
