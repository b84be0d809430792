import { defineConfig } from 'vitest/config';

// What takes minutes: npm run chaos. The stores are of their own, because they are killed.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.chaos.ts'],
    testTimeout: 300_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
});
