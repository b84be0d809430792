// Lighthouse scores of the landing pages, through the edge, in several rounds; written to results/pages.md.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from '@shop/tools/chromium-program';
import { root } from '@shop/tools/data-dir';
import { startEdge } from '@shop/tools/edge/edge';
import { findNginx } from '@shop/tools/edge/nginx-program';
import { commit, machine } from '@shop/tools/machine';
import { openAuditor, type PageAudit } from '../page-audit.ts';
import { followImages } from '@shop/tools/images-progress';
import { freePort } from '@shop/tools/ports';
import { startStores } from '@shop/tools/stores/stores';
import { Failure } from '@shop/tools/terminal';
import { writeFormatted } from '@shop/tools/write-formatted';
import { startApp } from './shop-app.ts';
import { median, spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const ROUNDS = 5;
const IMAGES_MS = 300_000;

type Audits = Record<string, PageAudit[]>;

export async function main(): Promise<Figures> {
  const executablePath = findChromium();
  if (!executablePath) throw new Failure('Chromium was not found. Install it, or set CHROMIUM to its path.');
  const program = await findNginx();
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  chmodSync(dir, 0o755); // the workers of nginx run as another user
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const stores = await startStores(dir, {});
    stops.unshift(stores.stop);
    const env = { ...stores.env, STORAGE_DIR: join(dir, 'storage'), TRUST_PROXY: '127.0.0.1' };
    const demo = { SEED: 'demo', SEED_IMAGES: 'on', NODE_ENV: 'production', PAYMENT_PROVIDER: 'fake' };
    const shop = await startApp('all', { ...env, ...demo }, dir);
    stops.unshift(shop.stop);
    await followImages(shop.opsUrl, AbortSignal.timeout(IMAGES_MS));
    const edge = await startEdge({
      program,
      dir: join(dir, 'edge'),
      port: await freePort(),
      env: { EDGE_GATEWAYS: new URL(shop.url).host, EDGE_ASSETS_DIR: join(root, 'apps', 'storefront', 'dist') },
    });
    stops.unshift(edge.stop);
    const auditor = await openAuditor(executablePath);
    stops.unshift(auditor.close);
    const audits: Audits = {};
    for (let round = 0; round < ROUNDS; round++)
      for (const [page, path] of Object.entries(await pagesOf(shop.url))) {
        const audit = await auditor.audit(edge.url + path);
        (audits[page] ??= []).push(audit);
        console.log(`${page}: ${Object.values(audit.scores).join(' ')}; ${audit.findings.join('; ')}`);
      }
    await report(audits, auditor.browser);
    return Object.entries(audits).map(([page, runs]) => [
      `Lighthouse performance score of the page ${page}, of 100`,
      spread(
        runs.map(({ scores }) => scores.performance),
        0,
      ),
    ]);
  } finally {
    for (const stop of stops) await stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function pagesOf(url: string): Promise<Record<string, string>> {
  const list = await fetch(`${url}/api/products?featured=true&inStock=true&limit=1`);
  const [product] = ((await list.json()) as { items: { slug: string; category: { slug: string } }[] }).items;
  return { home: '/', category: `/categories/${product!.category.slug}`, product: `/products/${product!.slug}` };
}

async function report(audits: Audits, browser: string): Promise<void> {
  const rows = Object.entries(audits).map(([page, runs]) => {
    const of = (figure: (audit: PageAudit) => number, digits = 0) => spread(runs.map(figure), digits);
    const least = (figure: (audit: PageAudit) => number) => Math.min(...runs.map(figure));
    const kilobytes = (kind: keyof PageAudit['bytes']) =>
      (median(runs.map(({ bytes }) => bytes[kind])) / 1000).toFixed(0);
    return [
      page,
      of(({ scores }) => scores.performance),
      least(({ scores }) => scores.accessibility),
      least(({ scores }) => scores['best-practices']),
      least(({ scores }) => scores.seo),
      of(({ largestPaintMs }) => largestPaintMs / 1000, 1),
      of(({ blockedMs }) => blockedMs),
      of(({ layoutShift }) => layoutShift, 3),
      kilobytes('script'),
      kilobytes('all'),
    ];
  });
  const names = ['page', 'performance', 'accessibility', 'best practices', 'SEO', 'LCP, s', 'blocking time, ms'];
  const head = [...names, 'layout shift', 'JavaScript, kB', 'all resources, kB'];
  const text = [
    '# Lighthouse scores',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${machine()}, ${browser}, commit ${await commit()}; \`npm run bench -- pages\`.`,
    'Pages through the edge on a mid-range phone and a slow network (Lighthouse’s default settings), with an empty cache.',
    `Medians of ${ROUNDS} runs, with minimum and maximum in brackets; for the other scores the minimum.`,
    'Tests check the same scores, except performance: [e2e/browser](../../e2e/browser).',
    '',
    ...[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ].join('\n');
  await writeFormatted(join(root, 'bench', 'results', 'pages.md'), text);
  console.log(`\n${text}`);
}
