// How the built front end is served: fresh page, kept files, nothing that pretends to be a file.
import assert from 'node:assert/strict';
import { get as request } from 'node:http';
import { after, before, test } from 'node:test';
import { School } from './school.mjs';

let school;
before(async () => { school = await School.open(); });
after(async () => { await school?.close(); });

const get = (path, headers = {}) => fetch(school.address + path, { headers });

/** Status and size of an answer as it is on the wire. */
const on_the_wire = (path) => new Promise((resolve, reject) => {
  request(school.address + path, { headers: { 'accept-encoding': 'br' } }, async (answer) => {
    let bytes = 0;
    for await (const part of answer) bytes += part.length;
    resolve({ status: answer.statusCode, bytes });
  }).once('error', reject);
});

test('the page is never kept, and its policy has a nonce of its own each time', async () => {
  const nonces = [];
  for (const path of ['/', '/join/KLM-482', '/results/2']) {
    const answer = await get(path);
    const nonce = answer.headers.get('content-security-policy').match(/'nonce-([^']+)'/)[1];
    assert.ok((await answer.text()).includes(`nonce="${nonce}"`));
    assert.doesNotMatch(answer.headers.get('cache-control') ?? '', /immutable/);
    nonces.push(nonce);
  }
  assert.equal(new Set(nonces).size, 3);
});

test('scripts and WASM are compressed and kept for ever', async () => {
  const files = async (page) => [...new Set((await (await get(page)).text()).match(/\/[\w/]+-[0-9a-f]+(\.js|_bg\.wasm)/g))];
  const names = [...await files('/'), ...await files('/classes')];
  assert.equal(names.length, 6, names.join());
  for (const name of names) {
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

// The goal of the design is 120 KB; this keeps what has been reached.
test('a student’s first visit is no more than 184 KB, whichever address it begins at, and staff get the whole front end', async () => {
  for (const start of ['/', '/join', '/join/KLM-482', '/quiz/an-attempt']) {
    const html = await (await get(start)).text();
    const names = new Set(html.match(/\/student\/[\w-]+(\.js|\.wasm|\.css|\.svg)/g));
    assert.ok(names.size >= 4, start);
    let size = html.length;
    for (const name of names) {
      const { status, bytes } = await on_the_wire(name);
      assert.equal(status, 200, name);
      size += bytes;
    }
    assert.ok(size <= 184 * 1024, `${start}: ${size} bytes`);
    assert.match(await (await get(start, { cookie: 'freshmark_session=one' })).text(), /\/app-[0-9a-f]+\.js/, start);
  }
});

test('a page as it lies on the disk, without a nonce, is for nobody', async () => {
  for (const name of ['/index.html', '/student/index.html', '/student//index.html', '/student/index%2Ehtml']) {
    assert.equal((await get(name)).status, 404, name);
  }
});
