// The steps of one picture, in order. Pure: bytes in, findings and files out.
import type { DoneSteps, StepDone } from '@shop/contracts/images';
import { analyse } from './analyse.js';
import { decode } from './decode.js';
import { resize, type MadeFile } from './resize.js';
import { tag } from './tag.js';

export interface Task {
  /** The hash of `bytes`. */
  picture: string;
  bytes: Buffer;
  /** What is done already, maybe by another worker. */
  done: DoneSteps;
}

export interface Taken {
  done: StepDone;
  /** To be stored before the step counts as done. */
  files: MadeFile[];
  seconds: number;
}

/** Each step that is not done, as it ends. Pixels are decoded once; all else is made from them. Throws Refused. */
export async function* takeSteps({ picture, bytes, done }: Task): AsyncGenerator<Taken> {
  const results: DoneSteps = { ...done };
  let startedAt = performance.now();
  const taken = (step: StepDone, files: MadeFile[] = []): Taken => {
    const seconds = (performance.now() - startedAt) / 1000;
    startedAt = performance.now();
    return { done: step, files, seconds };
  };
  // A picture whose pixels are not needed any more is not decoded again.
  const decoded = done.decode && done.resize && done.analyse ? undefined : await decode(bytes);
  if (!results.decode) {
    results.decode = decoded!.result;
    yield taken({ step: 'decode', result: results.decode });
  }
  if (!results.resize) {
    const { files, ...result } = await resize(picture, decoded!.pixels);
    yield taken({ step: 'resize', result }, files);
  }
  if (!results.analyse) {
    results.analyse = await analyse(decoded!.pixels);
    yield taken({ step: 'analyse', result: results.analyse });
  }
  if (!results.tag) yield taken({ step: 'tag', result: tag({ ...results.decode, ...results.analyse }) });
}
