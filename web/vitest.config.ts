import { defineConfig } from 'vitest/config';

/** The logic, without a DOM; the browser's stories have a configuration of their own. */
export default defineConfig({
  test: { include: ['tests/{core,i18n,view,console,widget,build}/**/*.test.ts'], environment: 'node', testTimeout: 10_000 },
});
