/**
 * Builds dist/: the pages, the loader under its fixed name and the panel under a name that tells its content.
 *
 * A run of Vite for each classic script, since it must stand alone: the panel, what it loads later and the words first,
 * so that the loader can be told their names. Nothing in the output depends on the time or the machine.
 */
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = resolve(root, 'dist');
const common = { root, configFile: false, logLevel: 'warn', publicDir: false };

/** One file, no imports left in it, runs as a classic script. */
async function classic(entry, define = {}) {
  const made = await build({
    ...common,
    define: { 'process.env.NODE_ENV': '"production"', ...define },
    build: {
      write: false,
      target: 'es2022',
      cssTarget: 'chrome111',
      minify: true,
      modulePreload: false,
      lib: { entry: resolve(root, entry), formats: ['iife'], name: 'siltaPart', fileName: 'part' },
    },
  });
  const [{ output }] = [made].flat();
  const chunk = output.find((part) => part.type === 'chunk');
  // The wrapper's variable would be a second global name.
  const code = chunk.code.replace(/^(var|const|let) siltaPart\s*=\s*/, '').trimEnd() + '\n';
  // Minified code breaks no lines of its own: a break with an indent stands in a template, where one space says the same.
  return code.replace(/\n[ \t]+/g, ' ');
}

await rm(dist, { recursive: true, force: true });
await mkdir(resolve(dist, 'assets'), { recursive: true });

const files = {};
for (const [name, entry] of [
  ['panel', 'src/widget/panel.ts'],
  ['more', 'src/widget/more.ts'],
  ...['fi', 'da', 'en'].map((language) => [language, `src/widget/words/${language}.ts`]),
]) {
  const code = await classic(entry);
  const hash = createHash('sha256').update(code).digest('base64url').slice(0, 10);
  files[name] = `assets/${name.length > 2 ? name : `words-${name}`}-${hash}.js`;
  await writeFile(resolve(dist, files[name]), code);
}
await writeFile(resolve(dist, 'widget.js'), await classic('src/widget/loader.ts', { __FILES__: JSON.stringify(files) }));

await build({
  ...common,
  build: {
    outDir: dist,
    emptyOutDir: false,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: { index: resolve(root, 'index.html'), console: resolve(root, 'console.html') } },
  },
});
