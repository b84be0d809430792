// A minimal storefront with the structure that Vite builds.
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = 'document.title';
export const HTML = `<html><head><!--head--><script>${SCRIPT}</script><script type="module" crossorigin src="./assets/main-1a2b.js"></script></head><body><script type="application/json" id="page-data"><!--data--></script></body></html>`;
const MANIFEST = {
  'index.html': { file: 'assets/main-1a2b.js' },
  'src/pages/product.tsx': {
    file: 'assets/product-3c4d.js',
    css: ['assets/product-5e6f.css'],
    imports: ['index.html', '_image.js'],
  },
  '_image.js': { file: 'assets/image-7a8b.js', imports: ['src/pages/product.tsx'] },
};

/** Returns its folder. */
export function builtStorefront(): string {
  const dir = mkdtempSync(join(tmpdir(), 'shop-storefront-'));
  mkdirSync(join(dir, 'assets'));
  writeFileSync(join(dir, 'index.html'), HTML);
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(MANIFEST));
  writeFileSync(join(dir, 'assets', 'main-1a2b.js'), 'plain');
  writeFileSync(join(dir, 'assets', 'main-1a2b.js.gz'), 'compressed');
  return dir;
}
