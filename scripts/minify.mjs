// Makes the built scripts and style sheets smaller. Trunk's own minifier does not read what wasm-bindgen writes, and leaves
// it as it is. Browsers keep a file for ever whose name holds a hash, and a page names each file with a hash of its bytes:
// both are put right. Only for release builds.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { transformSync } from 'esbuild';

if (process.env.TRUNK_PROFILE !== 'release') process.exit(0);
const folder = process.env.TRUNK_STAGING_DIR;
/** Trunk's hash in a name, as server/src/web/site.rs knows it. Trunk leaves out the noughts at its beginning. */
const HASH = /-[0-9a-f]{12,16}(?=\.(js|css)$)/;
const integrity = (bytes) => `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
const minified = (name, before) =>
  transformSync(before.toString(), { loader: name.split('.').pop(), minify: true, target: 'es2022', legalComments: 'none' }).code;

const names = readdirSync(folder, { recursive: true });
const files = names.filter((name) => /\.(js|css)$/.test(name)).map((name) => {
  const before = readFileSync(join(folder, name));
  return { name, before, code: minified(name, before) };
});

/** Gives a file the name that it is to have, after the files that it names itself. */
function rename(file) {
  if (file.to) return;
  file.to = file.name;
  for (const other of files.filter(({ name }) => HASH.test(name) && file.code.includes(basename(name)))) {
    rename(other);
    file.code = file.code.replaceAll(basename(other.name), basename(other.to));
  }
  // Trunk's own hash goes into the new one: for a script it is that of the program that the script loads, and a page finds
  // out by the script's name that the server has another program.
  const hash = createHash('sha256').update(file.name).update(file.code).digest('hex').slice(0, 16);
  file.to = file.name.replace(HASH, `-${hash}`);
}

files.forEach(rename);
for (const { name, to, code } of files) {
  writeFileSync(join(folder, to), code);
  if (to !== name) rmSync(join(folder, name));
}
for (const page of names.filter((name) => name.endsWith('.html')).map((name) => join(folder, name))) {
  const html = files.reduce(
    (html, { name, to, before, code }) => html.replaceAll(integrity(before), integrity(code)).replaceAll(basename(name), basename(to)),
    readFileSync(page, 'utf8'),
  );
  writeFileSync(page, html);
}
