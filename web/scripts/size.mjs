/**
 * `npm run size`: the gzipped sizes of what a visitor loads, against their limits. Exit status 1 above one.
 *
 * The limits are the promise of the product: a page pays for the loader always, for the panel when the chat opens.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = resolve(dirname(fileURLToPath(import.meta.url)), '../dist');
export const LIMITS = { loader: 4 * 1024, panel: 22.5 * 1024, more: 6 * 1024 };

/** Size in bytes of a built file as it travels. */
export function gzipped(path) {
  return gzipSync(readFileSync(resolve(dist, path)), { level: 9 }).length;
}

/** [name, file, bytes, limit] of each part with a limit (the panel with its words in one language), then of the other scripts and styles. */
export function sizes() {
  const assets = readdirSync(resolve(dist, 'assets')).sort();
  const panel = assets.find((name) => name.startsWith('panel-') && name.endsWith('.js'));
  if (!panel) throw new Error('dist/ has no panel: run `npm run build` first');
  const more = assets.find((name) => name.startsWith('more-'));
  if (!more) throw new Error('dist/ lacks what the panel loads later: run `npm run build` first');
  const words = assets.filter((name) => name.startsWith('words-'));
  // A visitor loads the panel and one language: the largest counts.
  const largest = Math.max(...words.map((name) => gzipped(`assets/${name}`)));
  return [
    ['loader', 'widget.js', gzipped('widget.js'), LIMITS.loader],
    ['panel', `assets/${panel}`, gzipped(`assets/${panel}`) + largest, LIMITS.panel],
    ['more', `assets/${more}`, gzipped(`assets/${more}`), LIMITS.more],
    ...assets
      .filter((name) => name !== panel && name !== more && /\.(js|css)$/.test(name))
      .map((name) => ['page', `assets/${name}`, gzipped(`assets/${name}`), null]),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let over = false;
  for (const [name, file, bytes, limit] of sizes()) {
    over ||= limit !== null && bytes > limit;
    const of = limit === null ? '' : ` of ${(limit / 1024).toFixed(1)} kB${bytes > limit ? '  TOO LARGE' : ''}`;
    console.log(`${name.padEnd(7)} ${file.padEnd(34)} ${(bytes / 1024).toFixed(1).padStart(6)} kB${of}`);
  }
  process.exitCode = over ? 1 : 0;
}
