// Makes the built scripts and style sheets smaller. Trunk's own minifier does not read what wasm-bindgen writes, and leaves
// it as it is. A page names each file with a hash of its bytes, which changes with them. Only for release builds.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';

if (process.env.TRUNK_PROFILE !== 'release') process.exit(0);
const folder = process.env.TRUNK_STAGING_DIR;
const integrity = (bytes) => `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
const names = readdirSync(folder, { recursive: true });
const pages = names.filter((name) => name.endsWith('.html')).map((name) => join(folder, name));
for (const name of names.filter((name) => /\.(js|css)$/.test(name))) {
  const [file, loader] = [join(folder, name), name.split('.').pop()];
  const before = readFileSync(file);
  const { code } = transformSync(before.toString(), { loader, minify: true, target: 'es2022', legalComments: 'none' });
  writeFileSync(file, code);
  for (const page of pages) {
    const html = readFileSync(page, 'utf8');
    writeFileSync(page, html.replaceAll(integrity(before), integrity(code)));
  }
}
