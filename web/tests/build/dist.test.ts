import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const root = resolve(__dirname, '../..');
const dist = resolve(root, 'dist');
const read = (name: string): string => readFileSync(resolve(dist, name), 'utf8');

// These look at what was built last; `npm run build` comes before the tests in `make test`.
describe.skipIf(!existsSync(resolve(dist, 'widget.js')))('what is built', () => {
  let sizes: [string, string, number, number | null][];
  beforeAll(async () => {
    // @ts-expect-error a plain script without types
    sizes = (await import('../../scripts/size.mjs')).sizes();
  });

  it('keeps to its sizes', () => {
    for (const [name, , bytes, limit] of sizes) if (limit !== null) expect(bytes, name).toBeLessThanOrEqual(limit);
  });

  it('tells the loader the names of the panel and of what it loads later', () => {
    for (const part of ['panel', 'more']) expect(read('widget.js')).toContain(sizes.find(([name]) => name === part)?.[1]);
  });

  it('runs under a policy without inline scripts, inline styles and eval', () => {
    for (const page of ['index.html', 'console.html']) {
      const html = read(page);
      expect(html, page).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=/);
      expect(html, page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    }
    for (const name of ['widget.js', ...readdirSync(resolve(dist, 'assets')).map((file) => `assets/${file}`)]) {
      if (!name.endsWith('.js')) continue;
      expect(read(name), name).not.toMatch(/\beval\(|new Function\b|\.innerHTML\s*=\s*[^`\w]*location|document\.write/);
    }
  });

  it('is a classic script where any site may put it', () => {
    const parts = sizes.filter(([part]) => part === 'panel' || part === 'more').map(([, file]) => file);
    for (const name of ['widget.js', ...parts]) {
      expect(() => new Function(read(name)), name).not.toThrow();
      expect(read(name), name).not.toMatch(/^(?:var|let|const|function)\s/);
    }
  });
});
