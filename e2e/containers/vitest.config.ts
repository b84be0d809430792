import { defineConfig } from 'vitest/config';

// Tests that need Docker and take minutes: npm run test:containers.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.containers.ts'],
    globalSetup: ['images.ts'],
    testTimeout: 180_000,
    hookTimeout: 900_000,
    fileParallelism: false,
  },
});
