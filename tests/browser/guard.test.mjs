// What a page says that cannot run, has stopped, or is of another build than its server; and that no wait is for ever.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CLOSED, OPEN, School, answer_all, browser, join_quiz, set_visibility, submit, until } from './school.mjs';

let chrome, school;
before(async () => { chrome = await browser(); school = await School.open(); });
after(async () => { await chrome?.close(); await school?.close(); });

/** The page with a program of another name. */
const of_another_build = (html) => html.replaceAll(/(app|student)-[0-9a-f]+\.js/g, '$1-0123456789abcdef.js');
const RAW = /TypeError|Failed to fetch|deserializ|at line \d|undefined|JsValue/;

for (const [what, files] of [['the script', '**/*-*.js'], ['the program', '**/*.wasm']]) {
  test(`a page says so whose program cannot be loaded: ${what}`, async () => {
    for (const path of ['/', '/signin']) {
      const page = await (await school.visitor(chrome)).newPage();
      await page.route(files, (route) => (route.request().url().includes('guard') ? route.continue() : route.abort()));
      await page.goto(path);
      await page.getByRole('alert').getByText('Freshmark could not be loaded').waitFor();
      await page.unroute(files);
      await page.getByRole('button', { name: 'Reload' }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.equal(await page.getByText('could not be loaded').count(), 0);
    }
  });
}

test('a page that has stopped says so, and that nothing is lost', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.evaluate(() => setTimeout(() => { throw new WebAssembly.RuntimeError('unreachable'); }));
  await page.getByRole('alert').getByText('This page has stopped').waitFor();
});

test('a page of another build says so and reloads, and does not if that would lose something', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  await page.goto(`/results/${CLOSED}`);
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();
  await page.evaluate(() => { window.sameDocument = true; });
  // The server has another build by now: its answers have another shape, and its page another program.
  await page.route('**/api/class_results*', (route) => route.fulfill({ json: { of: 'another build' } }));
  const updated = async (route) => {
    const answer = await route.fetch();
    return route.fulfill({ response: answer, body: of_another_build(await answer.text()) });
  };
  await page.route(`**/results/${CLOSED}`, updated);
  await page.getByRole('combobox', { name: 'Which attempts count' }).selectOption({ label: 'Best attempts' });
  await page.getByText('Freshmark has been updated').waitFor();
  assert.doesNotMatch(await page.locator('body').innerText(), RAW);
  await page.unroute('**/api/class_results*');
  await page.unroute(`**/results/${CLOSED}`);
  await until(() => page.evaluate(() => window.sameDocument !== true).catch(() => false));
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();
  assert.equal(await page.getByText('has been updated').count(), 0);

  const student = await (await school.visitor(chrome)).newPage();
  await student.addInitScript(() => { Storage.prototype.setItem = () => { throw new Error('full'); }; });
  await join_quiz(student, 'Amara Okafor');
  const address = new URL(student.url()).pathname;
  await student.route(`**${address}`, async (route) => {
    const answer = await route.fetch();
    return route.fulfill({ response: answer, body: of_another_build(await answer.text()) });
  });
  await student.evaluate(() => dispatchEvent(new Event('freshmark-unreadable')));
  await student.getByText('Freshmark has been updated. Finish what you are doing').waitFor();
  const is_unsaved = () => student.evaluate(() => document.documentElement.hasAttribute('data-unsaved'));
  assert.equal(await is_unsaved(), true);
  await answer_all(student, 0);
  await submit(student);
  await student.getByRole('heading', { name: 'Handed in' }).waitFor();
  assert.equal(await is_unsaved(), false, 'the server has it');
});

test('a tab that was hidden while Freshmark was updated says so when it is shown', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  await page.goto(`/results/${CLOSED}`);
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();
  await set_visibility(page, 'hidden');
  await page.route(`**/results/${CLOSED}`, async (route) => {
    const answer = await route.fetch();
    return route.fulfill({ response: answer, body: of_another_build(await answer.text()) });
  });
  await set_visibility(page, 'visible');
  await page.getByText('Freshmark has been updated').waitFor();
});

test('a look for another build that nobody answers is given up, and the next one is made', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await page.addInitScript(() => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (ms) => { window.limit = ms; return timeout(100); };
  });
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  let looks = 0;
  await page.route((url) => url.pathname === '/', () => { looks += 1; });
  await until(async () => {
    await page.evaluate(() => dispatchEvent(new Event('freshmark-unreadable')));
    return looks >= 2;
  });
  assert.equal(await page.evaluate(() => window.limit), 15_000);
});

test('a page of the same build is not reloaded by an answer that it cannot read, and says no word of its program', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  await page.route('**/api/class_results*', (route) => route.fulfill({ body: '<html>A proxy says no</html>' }));
  await page.goto(`/results/${OPEN}`);
  await page.getByText('The results cannot be shown: the server’s answer could not be read.').waitFor();
  assert.doesNotMatch(await page.locator('body').innerText(), RAW);
  assert.equal(await page.getByText('has been updated').count(), 0);
});

test('no raw text of a program reaches anybody whose network is away', async () => {
  const student = await (await school.visitor(chrome)).newPage();
  await student.route('**/api/**', (route) => route.abort());
  await student.goto('/join');
  await student.getByLabel('Code from your teacher').fill('KLM-482');
  await student.getByLabel('Your name').fill('Amara Okafor');
  await student.getByRole('button', { name: 'Start' }).click();
  await student.getByText('You have not joined yet: no answer came from the server.').waitFor();
  assert.doesNotMatch(await student.locator('body').innerText(), RAW);
  await student.goto('/signin');
  await student.getByLabel('Email').fill('teacher@demo.school');
  await student.getByLabel('Password').fill('freshmark-2026');
  await student.getByRole('button', { name: 'Sign in' }).click();
  await student.getByText('You were not signed in: no answer came from the server.').waitFor();
  assert.doesNotMatch(await student.locator('body').innerText(), RAW);

  const teacher = await (await school.staff(chrome, 'teacher')).newPage();
  await teacher.goto(`/results/${OPEN}`);
  await teacher.getByRole('button', { name: 'Close quiz' }).waitFor();
  await teacher.route('**/api/**', (route) => route.abort());
  await teacher.getByRole('button', { name: 'Close quiz' }).click();
  await teacher.getByRole('dialog').getByRole('button', { name: 'Close quiz' }).click();
  await teacher.getByText('The quiz was not closed: no answer came from the server.').waitFor();
  await teacher.getByRole('button', { name: 'Earlier' }).click();
  await teacher.getByText('cannot be shown').first().waitFor();
  assert.doesNotMatch(await teacher.locator('body').innerText(), RAW);
});

test('a submission that nobody answers waits after five seconds, can be kept as a file, and is tried again', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await join_quiz(page, 'Priya Raman');
  await answer_all(page, 0);
  let tries = 0;
  await page.route('**/answers', () => { tries += 1; });
  await submit(page);
  await page.getByText('wait for the network').waitFor({ timeout: 7_000 });
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Keep my answers as a file' }).click()]);
  const text = (await (await file.createReadStream()).toArray()).join('');
  for (const says of ['Photosynthesis check', 'Priya Raman', 'Year 8']) assert.ok(text.includes(says), `${says}: ${text}`);
  await until(() => tries >= 2, 25);
  await page.unroute('**/answers');
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await page.getByRole('heading', { name: 'Handed in' }).waitFor({ timeout: 40_000 });
});

test('a teacher’s page whose question nobody answers asks again', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  let asked = 0;
  await page.route('**/api/class_results*', (route) => { asked += 1; if (asked > 1) route.continue(); });
  await page.goto(`/results/${OPEN}`);
  await page.getByRole('heading', { name: 'Photosynthesis check' }).waitFor({ timeout: 30_000 });
  assert.ok(asked >= 2);
});

test('a sign-out that failed says who is still signed in', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  await page.goto('/classes');
  await page.route('**/api/session', (route) => route.fulfill({ status: 503, json: { error: 'unavailable', message: 'the store is busy' } }));
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('alert').getByText('You are still signed in: the store is busy.').waitFor();
  assert.equal(new URL(page.url()).pathname, '/classes');
  await page.unroute('**/api/session');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Join with a code', exact: true }).waitFor();
});

test('a page that is left while it signs in does not stop, nor come back', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto('/signin');
  await page.getByLabel('Email').fill('teacher@demo.school');
  await page.getByLabel('Password').fill('freshmark-2026');
  let answer;
  await page.route('**/api/session', (route) => { answer = () => route.continue(); });
  await page.getByRole('button', { name: 'Sign in' }).click();
  await until(() => answer);
  await page.getByRole('link', { name: 'Freshmark' }).click();
  await page.getByRole('link', { name: 'Join with a code', exact: true }).waitFor();
  await answer();
  await page.waitForResponse('**/api/delivery_health*');
  assert.equal(new URL(page.url()).pathname, '/');
  assert.deepEqual(faults, []);
});

test('after signing in nobody is led to another site', async () => {
  const other = await School.open();
  try {
    const host = new URL(other.address).host;
    for (const then of [`/%09/${host}/x`, `/%0A/${host}/x`, `//${host}/x`, `/\\${host}/x`, `/.//${host}/x`, `http://${host}/x`, `javascript:alert(1)`]) {
      const page = await (await school.visitor(chrome)).newPage();
      await page.goto(`/signin?then=${then}`);
      await page.getByLabel('Email').fill('teacher@demo.school');
      await page.getByLabel('Password').fill('freshmark-2026');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'Classes' }).waitFor();
      assert.equal(new URL(page.url()).origin, school.address, then);
      await page.context().close();
    }
    const page = await (await school.visitor(chrome)).newPage();
    await page.goto(`/signin?then=${encodeURIComponent(`/results/${CLOSED}?question=2#items`)}`);
    await page.getByLabel('Email').fill('teacher@demo.school');
    await page.getByLabel('Password').fill('freshmark-2026');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`**/results/${CLOSED}?question=2*`);
  } finally { await other.close(); }
});
