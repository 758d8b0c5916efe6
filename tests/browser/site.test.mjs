// How the built front end is served: fresh page, kept files, nothing that pretends to be a file.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { School } from './school.mjs';

let school;
before(async () => { school = await School.open(); });
after(async () => { await school?.close(); });

const get = (path, headers = {}) => fetch(school.address + path, { headers });

test('the page is never kept, and its policy has a nonce of its own each time', async () => {
  const nonces = [];
  for (const path of ['/', '/results/2']) {
    const answer = await get(path);
    const nonce = answer.headers.get('content-security-policy').match(/'nonce-([^']+)'/)[1];
    assert.ok((await answer.text()).includes(`nonce="${nonce}"`));
    assert.doesNotMatch(answer.headers.get('cache-control') ?? '', /immutable/);
    nonces.push(nonce);
  }
  assert.notEqual(nonces[0], nonces[1]);
});

test('scripts and WASM are compressed and kept for ever', async () => {
  const html = await (await get('/')).text();
  for (const name of [html.match(/\/app-[0-9a-f]+\.js/)[0], html.match(/\/app-[0-9a-f]+_bg\.wasm/)[0]]) {
    const answer = await get(name, { 'accept-encoding': 'br' });
    assert.equal(answer.headers.get('content-encoding'), 'br', name);
    assert.match(answer.headers.get('cache-control'), /immutable/, name);
  }
});

test('a script of an older build is gone, not a page that is kept for ever', async () => {
  const answer = await get('/app-0123456789abcdef.js');
  assert.equal(answer.status, 404);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
});

test('the worker that holds the tabs’ connection is asked for each time, and may do nothing else', async () => {
  const answer = await get('/live-worker.js?1');
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /javascript/);
  assert.equal(answer.headers.get('cache-control'), 'no-cache');
  assert.equal(answer.headers.get('content-security-policy'), "default-src 'none'; connect-src 'self'");
  const page = await get('/');
  assert.match(page.headers.get('content-security-policy'), /worker-src 'self'/);
});
