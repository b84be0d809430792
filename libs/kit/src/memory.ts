// V8 is tuned for speed on machines with memory to spare. These settings cost no CPU per request that could be measured.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Makes the heap of this process small and keeps it so. Once, when the start is done; takes 60 to 200 ms. */
export function compactHeap(): void {
  // A full collection comes when the heap has grown by this much since the last one, not to a multiple of it: under load
  // orders takes 150 MB instead of 250. V8 itself chooses 30 where the heap may not become large.
  setFlagsFromString('--heap-growing-percent=30');

  // Gives back the 25 to 50 MB that only the start needed. V8 would keep them until load makes it collect, and only the
  // last-resort flavour also shrinks the heap.
  collector()({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/**
 * Frees buffers that were used up a moment ago; takes a millisecond. For code that streams many megabytes: their bytes lie
 * outside of V8's heap, so that it lets 60 MB and more pile up before it looks.
 */
export function collectYoung(): void {
  collector()({ type: 'minor', execution: 'sync' });
}

let exposed: NodeJS.GCFunction | undefined;

function collector(): NodeJS.GCFunction {
  if (!exposed) {
    setFlagsFromString('--expose-gc');
    exposed = runInNewContext('gc') as NodeJS.GCFunction;
  }
  return exposed;
}
