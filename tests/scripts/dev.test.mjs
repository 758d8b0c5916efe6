// The edit loop, as far as it goes without compiling: a page of one line, Trunk as it is configured, the real server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

let clone, loop, front, back;

before(async () => {
  clone = mkdtempSync(join(tmpdir(), 'freshmark-dev-'));
  const [page, server] = [await free_port(), await free_port()];
  for (const folder of ['scripts', 'server', 'app/src/api', 'style', 'public', 'bin']) mkdirSync(join(clone, folder), { recursive: true });
  for (const file of ['Trunk.toml', 'scripts/dev.sh', 'scripts/minify.mjs', 'scripts/precompress.mjs']) {
    const text = readFileSync(file, 'utf8').replaceAll('8081', String(page)).replaceAll('8080', String(server));
    writeFileSync(join(clone, file), text);
  }
  writeFileSync(join(clone, 'index.html'), '<!doctype html><title>dev</title><p>a page in the making</p>');
  cpSync('Cargo.lock', join(clone, 'Cargo.lock'));
  symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
  writeFileSync(join(clone, 'bin/cargo'), '#!/bin/sh\n', { mode: 0o755 });
  [front, back] = [page, server].map((port) => `http://127.0.0.1:${port}`);
  const path = [join(clone, 'bin'), resolve('.tools/bin'), process.env.PATH].join(delimiter);
  // A group of its own, so that nothing is left running whatever happens.
  loop = spawn('bash', ['scripts/dev.sh'], {
    cwd: clone, detached: true, stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PATH: path, NO_COLOR: 'true', FRESHMARK_LOG: 'error', RUST_LOG: 'error' },
  });
  await until(async () => (await fetch(`${front}/api/me`)).status === 401);
});

after(async () => {
  const gone = new Promise((resolve) => loop.once('exit', resolve));
  process.kill(-loop.pid, 'SIGTERM');
  await gone;
  rmSync(clone, { recursive: true, force: true });
});

test('what a page posts through the edit loop is taken', async () => {
  const answer = await fetch(`${front}/api/session`, {
    method: 'POST',
    headers: { origin: front, 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'teacher@demo.school', password: 'freshmark-2026' }),
  });
  assert.equal(answer.status, 200, await answer.text());
});

test('while editing, the page lives under the policy that it is shipped with', async () => {
  const policy = async (address) => {
    const header = (await fetch(address)).headers.get('content-security-policy');
    return header.replace(/'nonce-[^']+'/g, 'a nonce').split(/;\s*/);
  };
  assert.deepEqual(await policy(front), await policy(back));
});

test('what is served while editing never lies where the built front end is served from', async () => {
  assert.match(await (await fetch(front)).text(), /a page in the making/);
  assert.equal(existsSync(join(clone, 'dist')), false);
});

function free_port() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function until(is_so) {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    if (await is_so().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the edit loop did not come up');
}
