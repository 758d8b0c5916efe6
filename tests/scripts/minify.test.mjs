// What lies under a name that browsers keep for ever never changes, and every name still leads somewhere.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const integrity = (bytes) => `sha384-${createHash('sha384').update(bytes).digest('base64')}`;

/** A build as Trunk leaves it, minified. */
function minified(files) {
  const folder = mkdtempSync(join(tmpdir(), 'freshmark-minify-'));
  folders.push(folder);
  mkdirSync(join(folder, 'snippets/part-0123'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const page = Object.entries(files).map(([name, text]) => `<link href="/${name}" integrity="${integrity(text)}">`);
  writeFileSync(join(folder, 'index.html'), page.join('\n'));
  execFileSync('node', ['scripts/minify.mjs'], { env: { ...process.env, TRUNK_PROFILE: 'release', TRUNK_STAGING_DIR: folder } });
  return folder;
}

/** The names in the page, each with what the page says of its bytes. */
const named = (folder) => [...readFileSync(join(folder, 'index.html'), 'utf8').matchAll(/href="\/(.+?)" integrity="(.+?)"/g)].map(([, name, hash]) => ({ name, hash }));
const found = (folder, pattern) => named(folder).find(({ name }) => pattern.test(name)).name;

const BUILD = {
  'app-e7c53869c0ac3a6e.js': 'import { one } from "./snippets/part-0123/inline0.js";\nimport { two } from "./more-35d0d4f8545dba8.js";\nexport const all = [one, two];\n',
  'app-e7c53869c0ac3a6e_bg.wasm': 'a program',
  'more-35d0d4f8545dba8.js': 'export const two   =   2;\n',
  'snippets/part-0123/inline0.js': 'export const one   =   1;\n',
  'base-d292fc2075fd1d9.css': 'body   {  margin : 0  }\n',
  'live-worker.js': 'const   worker = true;\n',
};

test('a page names every file as it lies there, with the hash of its bytes', () => {
  const folder = minified(BUILD);
  for (const { name, hash } of named(folder)) assert.equal(integrity(readFileSync(join(folder, name))), hash, name);
  assert.equal(readdirSync(folder, { recursive: true }).filter((name) => /\.\w+$/.test(name)).length, 7, 'nothing is left of the old names');
  for (const name of ['live-worker.js', 'snippets/part-0123/inline0.js', 'app-e7c53869c0ac3a6e_bg.wasm']) assert.ok(existsSync(join(folder, name)), name);
  assert.match(found(folder, /^app.*js$/), /^app-[0-9a-f]{16}\.js$/);
  assert.match(found(folder, /css$/), /^base-[0-9a-f]{16}\.css$/);
});

test('a script still finds the scripts that it imports', async () => {
  const folder = minified(BUILD);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  assert.deepEqual((await import(join(folder, found(folder, /^app.*js$/)))).all, [1, 2]);
});

test('another text under the same name of Trunk’s gets another name, and so does what imports it', () => {
  const [before, again] = [minified(BUILD), minified(BUILD)];
  const after = minified({ ...BUILD, 'more-35d0d4f8545dba8.js': 'export const two = 22;\n' });
  const names = (folder) => named(folder).map(({ name }) => name);
  assert.deepEqual(names(before), names(again), 'the same build has the same names');
  const other = names(after).filter((name) => !names(before).includes(name)).map((name) => name.split('-')[0]);
  assert.deepEqual(other, ['app', 'more']);
});

test('a script is named anew with the program that it loads', () => {
  const [name, ...rest] = Object.keys(BUILD);
  const renamed = Object.fromEntries([['app-1a2f81553d7b58a0.js', BUILD[name]], ...rest.map((name) => [name, BUILD[name]])]);
  assert.notEqual(found(minified(BUILD), /^app.*js$/), found(minified(renamed), /^app.*js$/));
});
