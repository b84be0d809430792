// Images per second and CPU per image against bare sharp, and the effect on shoppers. `memory`: memory over 1,000 small images.
import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import type { BareTask } from './images-bare.ts';
import { photo } from './images-files.ts';
import { measureMemory } from './images-memory.ts';
import { openImageShop, type ImageShop } from './images-shop.ts';
import { cpuMicros, familyCpuMicros } from './process-cpu.ts';
import { median, spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const ROUNDS = 5;
const IMAGES = 20;
const [WIDTH, HEIGHT] = [2400, 1800];

const SHOPPING_ROUNDS = 3;
const SHOPPING_IMAGES = 50;
const PAGES_PER_SECOND = 200;

export async function main([part]: string[]): Promise<Figures> {
  const shop = await openImageShop();
  try {
    if (part === 'memory') {
      await measureMemory(shop);
      return [];
    }
    const throughput = part === 'shoppers' ? [] : await measureThroughput(shop);
    return part === 'throughput' ? throughput : [...throughput, ...(await measureShoppers(shop))];
  } finally {
    await shop.close();
  }
}

interface Measured {
  perSecond: number;
  cpuMs: number;
}

/** In every round all contenders process the same new images, in turn. */
async function measureThroughput(shop: ImageShop): Promise<Figures> {
  const processes = availableParallelism();
  const bare = Array.from({ length: processes }, () => fork(new URL('./images-bare.ts', import.meta.url).pathname));
  const results = { shop: [] as Measured[], once: [] as Measured[], each: [] as Measured[] };
  console.log(`${ROUNDS} rounds of ${IMAGES} images of ${WIDTH} × ${HEIGHT}, ${processes} at a time`);
  for (let round = 0; round <= ROUNDS; round++) {
    const folder = (name: string) => join(shop.dir, `${name}-${round}`);
    for (const name of ['in', 'once', 'each']) mkdirSync(folder(name));
    const images = await Promise.all(Array.from({ length: IMAGES }, (_, i) => photo(round * 1000 + i, WIDTH, HEIGHT)));
    const files = images.map((_, i) => join(folder('in'), `${i}.jpg`));
    await Promise.all(images.map((bytes, i) => writeFile(files[i]!, bytes)));
    const before = mediaOf(shop);

    const ofBare = (how: BareTask['how']) =>
      measure(
        images.length,
        bare.map(
          ({ pid }) =>
            () =>
              cpuMicros(pid!),
        ),
        () => work(bare, { how, files, folder: folder(how) }),
      );
    const ofShop = () =>
      measure(images.length, [() => familyCpuMicros(shop.worker.pid), () => cpuMicros(shop.catalog.pid)], async () =>
        shop.ready(await Promise.all(images.map((bytes) => shop.add(bytes)))),
      );
    const [once, own] = [await ofBare('once'), await ofShop()];
    const made = mediaOf(shop).filter((name) => !before.includes(name));
    if (made.join() !== readdirSync(folder('once')).sort().join())
      throw new Error('the shop and bare sharp made different files');
    if (round === 0) continue; // warm-up
    results.shop.push(own);
    results.once.push(once);
    // Only to show the effect of decoding once.
    if (round === ROUNDS) results.each.push(await ofBare('each'));
  }
  for (const child of bare) child.disconnect();

  const tell = (name: string, measured: Measured[]) =>
    console.log(
      `${name.padEnd(34)} ${spread(
        measured.map(({ perSecond }) => perSecond),
        2,
      )} images/s, ${spread(
        measured.map(({ cpuMs }) => cpuMs),
        0,
      )} ms CPU each`,
    );
  tell('image worker and catalog', results.shop);
  tell('bare sharp, decoding once', results.once);
  tell('bare sharp, file by file', results.each);
  const ratio = (of: keyof Measured, a: Measured[], b: Measured[]) => a.map((value, i) => value[of] / b[i]![of]);
  const figures: Figures = [
    ['images a second against bare sharp', spread(ratio('perSecond', results.shop, results.once), 2)],
    ['CPU of bare sharp against that of the shop', spread(ratio('cpuMs', results.once, results.shop), 2)],
  ];
  for (const [what, figure] of figures) console.log(`${what}: ${figure}`);
  return figures;
}

/** The names of all public files. */
function mediaOf({ storage }: ImageShop): string[] {
  const files = readdirSync(storage, { recursive: true, withFileTypes: true });
  return files.flatMap((file) => (file.isFile() && file.parentPath.includes('/media/') ? [file.name] : [])).sort();
}

async function measure(images: number, cpus: (() => number)[], run: () => Promise<unknown>): Promise<Measured> {
  const cpu = () => cpus.reduce((sum, of) => sum + of(), 0);
  const [startedAt, before] = [performance.now(), cpu()];
  await run();
  const seconds = (performance.now() - startedAt) / 1000;
  return { perSecond: images / seconds, cpuMs: (cpu() - before) / 1000 / images };
}

async function work(children: ChildProcess[], { files, ...task }: BareTask): Promise<void> {
  await Promise.all(
    children.map((child, n) => {
      const done = new Promise((resolve) => child.once('message', resolve));
      child.send({ ...task, files: files.filter((_, i) => i % children.length === n) } satisfies BareTask);
      return done;
    }),
  );
}

/** Product pages at a steady rate, with and without image processing beside them. */
async function measureShoppers(shop: ImageShop): Promise<Figures> {
  const gateway = await shop.startGateway();
  const requests = shop.products.map((id) => ({ path: `/api/products/${id}` }));
  const browse = async (amount: number) => {
    const result = await autocannon({
      url: gateway.url,
      connections: 8,
      overallRate: PAGES_PER_SECOND,
      amount,
      requests,
    });
    if (result.non2xx || result.errors) throw new Error(`${result.non2xx} wrong responses, ${result.errors} errors`);
    return result.latency;
  };
  await browse(PAGES_PER_SECOND * 3);
  const results = { quiet: [] as number[], busy: [] as number[] };
  for (let round = 0; round < SHOPPING_ROUNDS; round++) {
    const images = await Promise.all(
      Array.from({ length: SHOPPING_IMAGES }, (_, i) => photo(90_000 + round * 1000 + i, WIDTH, HEIGHT)),
    );
    const quiet = await browse(PAGES_PER_SECOND * 8);
    let over = false;
    const worked = Promise.all(images.map((bytes) => shop.add(bytes)))
      .then((ids) => shop.ready(ids))
      .finally(() => (over = true));
    const busy: number[] = [];
    while (!over) busy.push((await browse(PAGES_PER_SECOND * 2)).p99);
    await worked;
    results.quiet.push(quiet.p99);
    results.busy.push(median(busy));
    console.log(
      `product page p99: ${quiet.p99} ms quiet, ${median(busy)} ms (${busy.join(', ')}) while ${SHOPPING_IMAGES} images are processed`,
    );
  }
  const ratios = results.busy.map((value, i) => value / results.quiet[i]!);
  const figure = spread(ratios, 2);
  console.log(`p99 of a product page while images are processed against quiet: ${figure}`);
  return [['p99 of a product page while images are processed, against quiet', figure]];
}
