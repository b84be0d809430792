import { defineConfig } from 'vitest/config';

// Tests that need a cluster: npm run cluster:test.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.cluster.ts'],
    globalSetup: ['./global-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
