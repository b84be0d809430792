import { defineConfig } from 'vitest/config';
import base from '../vitest.base.ts';

// Two files at a time, because a shop under test mostly waits. Each has Redis databases of its own: stores.ts.
export default defineConfig({ test: { ...base.test, fileParallelism: true, maxWorkers: 2 } });
