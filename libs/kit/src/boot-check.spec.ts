import 'reflect-metadata';
import { defineJobs } from '@shop/contracts/jobs';
import { defineRpcs } from '@shop/contracts/rpc';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkHandlers } from './boot-check.js';
import { findJobHandlers, HandlesJob } from './handles-job.js';
import type { Service } from './service.js';

const rpc = defineRpcs('catalog', {
  getThing: { input: z.object({}), output: z.object({}), idempotent: true, deadlineMs: 1000 },
});
const jobs = defineJobs('catalog', { mendThing: { payload: z.object({}) } });
const catalog: Service = { name: 'catalog', module: class {}, rpc, jobs };

class Mender {
  @HandlesJob(jobs.mendThing)
  async mend(): Promise<void> {}
}

test('a service whose promises each have one handler passes', () => {
  checkHandlers([catalog], ['catalog.getThing'], findJobHandlers([new Mender()]));
});

test('missing, double and unpromised handlers are all named', () => {
  const check = () =>
    checkHandlers([catalog], ['catalog.other', 'catalog.other'], findJobHandlers([new Mender(), new Mender()]));
  expect(check).toThrow('procedure catalog.getThing has no handler');
  expect(check).toThrow('procedure catalog.other is handled, but in no contract');
  expect(check).toThrow('job catalog.mendThing has 2 handlers');
});
