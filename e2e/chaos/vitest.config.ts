import { defineConfig } from 'vitest/config';

// Tests that take minutes and kill their own Postgres and Redis: npm run chaos.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.chaos.ts'],
    testTimeout: 300_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
});
