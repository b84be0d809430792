import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../data-dir.ts';
import { generated } from './write.ts';

test.each(generated())('$file says what the code says', ({ current, wanted }) => {
  expect(current, 'run: npm run docs').toBe(wanted);
});

const pages = globSync('**/*.md', { cwd: root, exclude: (name) => /node_modules|^\.|dist$/.test(name) });

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

function anchorsOf(page: string): string[] {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading]) => anchorOf(heading!));
}

test('every relative link of the documentation leads to a file and a heading that exist', () => {
  const broken = pages.flatMap((page) => {
    const links = readFileSync(join(root, page), 'utf8').matchAll(
      /\]\((?!https?:|mailto:)([^)\s]+)\)|src="(?!https?:)([^"]+)"/g,
    );
    return [...links].flatMap(([, link, image]) => {
      const [path, anchor] = (link ?? image)!.split('#');
      const target = path ? join(root, dirname(page), path) : join(root, page);
      const isThere = existsSync(target) && (!anchor || !target.endsWith('.md') || anchorsOf(target).includes(anchor));
      return isThere ? [] : [`${page}: ${link ?? image}`];
    });
  });
  expect(broken).toEqual([]);
});

test('the README is at most 120 lines long', () => {
  expect(readFileSync(join(root, 'README.md'), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(120);
});
