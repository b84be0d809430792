import { Injectable, Module } from '@nestjs/common';
import { currentContext } from '@shop/rpc/context';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { defineConfig } from '../src/config.js';
import { Repeats } from '../src/repeat.js';
import { defineService } from '../src/service.js';
import { startForTest } from '../src/testing/services.js';

const config = defineConfig({ SWEEP_SECONDS: z.coerce.number() });
const requestIds: (string | undefined)[] = [];
let underWay: PromiseWithResolvers<void> | undefined;
const events: string[] = [];

@Injectable()
class Sweep {
  private readonly left = 'a field that only a bound method can read';

  @Repeats(config, { name: 'test sweep', seconds: ({ SWEEP_SECONDS }) => SWEEP_SECONDS })
  async sweep(): Promise<boolean> {
    expect(this.left).toBeTypeOf('string');
    requestIds.push(currentContext()?.requestId);
    await underWay?.promise;
    events.push('round ended');
    return false;
  }
}

@Module({ providers: [Sweep] })
class SweepModule {}

const service = defineService({ name: 'image-worker', module: SweepModule, config });

test('a method marked with @Repeats runs periodically, each round with a request id of its own, and stops with the process', async () => {
  const running = await startForTest(service, { SWEEP_SECONDS: '0.01' });
  await expect.poll(() => requestIds.length).toBeGreaterThan(2);
  expect(new Set(requestIds).size).toBe(requestIds.length);
  expect(requestIds).not.toContain(undefined);

  underWay = Promise.withResolvers();
  const before = requestIds.length;
  await expect.poll(() => requestIds.length).toBeGreaterThan(before);
  events.length = 0;
  const stopped = running.stop().then(() => events.push('stopped'));
  const readiness = async () => (await fetch(`${running.opsUrl}/readyz`)).text();
  await expect.poll(readiness).toContain('draining');
  underWay.resolve();
  await stopped;
  expect(events).toEqual(['round ended', 'stopped']);
});
