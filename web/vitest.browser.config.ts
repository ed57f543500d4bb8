import { defineConfig } from 'vitest/config';

/** Stories in a real browser, over real sockets, against the fake hub of dev/: `npm run browser`. */
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 30_000,
    // The library's one second is too short for a page on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    fileParallelism: false,
  },
});
