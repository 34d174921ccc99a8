import { defineConfig } from 'vitest/config';

// Below 24 the tests fail in ways that name anything but the cause.
if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error('This is not the Node of the project: run npm ci without --ignore-scripts.');
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/store/postgres-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores, and real servers that are waited for: one file more than cores.
    maxWorkers: 3,
  },
});
