// The steps of one image, in order. Pure: bytes in, results and files out.
import type { DoneSteps, StepDone } from '@shop/contracts/images';
import { analyse } from './analyse.js';
import { decode } from './decode.js';
import { resize, type MadeFile } from './resize.js';
import { tag } from './tag.js';

export interface Task {
  /** SHA-256 of `bytes`. */
  hash: string;
  bytes: Buffer;
  /** Results of steps that are done, perhaps by another worker. */
  done: DoneSteps;
}

export interface Taken {
  done: StepDone;
  /** Must be stored before the step counts as done. */
  files: MadeFile[];
  seconds: number;
}

/** Yields each missing step as it ends. Pixels are decoded once; everything is made from them. Throws Refused. */
export async function* takeSteps({ hash, bytes, done }: Task): AsyncGenerator<Taken> {
  const results: DoneSteps = { ...done };
  let startedAt = performance.now();
  const taken = (step: StepDone, files: MadeFile[] = []): Taken => {
    const seconds = (performance.now() - startedAt) / 1000;
    startedAt = performance.now();
    return { done: step, files, seconds };
  };
  // Decoding is skipped when no remaining step needs pixels.
  const decoded = done.decode && done.resize && done.analyse ? undefined : await decode(bytes);
  if (!results.decode) {
    results.decode = decoded!.result;
    yield taken({ step: 'decode', result: results.decode });
  }
  if (!results.resize) {
    const { files, ...result } = await resize(hash, decoded!.pixels);
    yield taken({ step: 'resize', result }, files);
  }
  if (!results.analyse) {
    results.analyse = await analyse(decoded!.pixels);
    yield taken({ step: 'analyse', result: results.analyse });
  }
  if (!results.tag) yield taken({ step: 'tag', result: tag({ ...results.decode, ...results.analyse }) });
}
