import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const compressions = {
  gz: (bytes) => promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
  br: promisify(brotliCompress),
};

/** Puts file.gz and file.br beside every text file, for servers that send them as they lie there. */
const compressed = {
  name: 'compressed',
  apply: 'build',
  // Of what was written: until then, a chunk may still change.
  async writeBundle({ dir }) {
    const files = await readdir(join(dir, 'assets'));
    for (const file of files.filter((name) => /\.(js|css|svg)$/.test(name))) {
      const path = join(dir, 'assets', file);
      const bytes = await readFile(path);
      for (const [extension, compress] of Object.entries(compressions))
        await writeFile(`${path}.${extension}`, await compress(bytes));
    }
  },
};

export default defineConfig({
  // Files find each other wherever they lie; the gateway says where that is.
  base: './',
  plugins: [react(), compressed],
  // `npm run dev` of the shop serves the API.
  server: { proxy: { '/api': 'http://127.0.0.1:3000', '/media': 'http://127.0.0.1:3000' } },
  build: {
    target: 'baseline-widely-available',
    // For the gateway: which files a page consists of.
    manifest: 'manifest.json',
    // The policy of pages lets nothing run or style that is inside of them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What every page needs: one file that changes with the libraries, and one that changes with the shop.
        codeSplitting: {
          groups: [
            { name: 'libraries', test: /node_modules\/(react|react-dom|scheduler|@tanstack)\// },
            {
              name: 'shared',
              test: /src\/(ui\/(?!quantity)|api\/(?!checkout|follow)|i18n\/(en|i18n|plural)|listing|page-title|not-found)/,
            },
          ],
        },
      },
    },
  },
});
