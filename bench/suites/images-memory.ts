// Memory of the image worker and its child processes over a thousand small images.
import { readFileSync } from 'node:fs';
import { photo } from './images-files.ts';
import type { ImageShop } from './images-shop.ts';
import { memoryOf } from './process-memory.ts';

const IMAGES = 1000;
const EVERY = 100;

export async function measureMemory(shop: ImageShop): Promise<void> {
  const tell = (done: number) => {
    const children = childrenOf(shop.worker.pid).map((pid) => memoryOf(pid).residentMb.toFixed(0));
    console.log(
      `${String(done).padStart(5)} images: worker ${memoryOf(shop.worker.pid).residentMb.toFixed(0)} MB, its processes ${children.join(' + ') || '0'} MB`,
    );
  };
  tell(0);
  for (let done = 0; done < IMAGES; done += EVERY) {
    const sizes = Array.from({ length: EVERY }, (_, i) =>
      photo(done + i, 300 + ((i * 37) % 400), 200 + ((i * 53) % 400)),
    );
    const added = await Promise.all((await Promise.all(sizes)).map((bytes) => shop.add(bytes)));
    await shop.ready(added);
    tell(done + EVERY);
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}
