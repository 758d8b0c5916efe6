// Bad networks and a server that goes away: nothing is lost, and nothing pretends.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CLOSED, OPEN, School, answer_all, browser, join_quiz, submit, ticks, until } from './school.mjs';

let chrome, school;
before(async () => { chrome = await browser(); school = await School.open(); });
after(async () => { await chrome?.close(); await school?.close(); });

test('a submission outlives a lost network and a reload, and is sent by itself', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await join_quiz(page, 'Hannah Lindqvist');
  await answer_all(page, 0);
  await page.route('**/answers', (route) => route.abort());
  await submit(page);
  await page.getByText('wait for the network').waitFor();
  await page.reload();
  await page.getByText('wait for the network').waitFor();
  await page.unroute('**/answers');
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await page.getByRole('heading', { name: 'Handed in' }).waitFor();
});

test('what one tab has handed in, another tab of the same attempt shows, and does not take back', async () => {
  const context = await school.visitor(chrome);
  const page = await context.newPage();
  await join_quiz(page, 'Viktor Novak');
  await answer_all(page, 0);
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole('heading', { name: 'Look over your answers' }).waitFor();
  await context.route('**/answers', (route) => route.abort());
  await submit(page);
  await page.getByText('wait for the network').waitFor();
  await other.getByText('wait for the network').waitFor();
  // Whatever the other tab saves now, the submission stays.
  await other.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await context.unroute('**/answers');
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  for (const tab of [page, other]) await tab.getByRole('heading', { name: 'Handed in' }).waitFor();
  await context.close();
});

test('a submission is not left behind when the device begins another attempt', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await join_quiz(page, 'Hannah Lindqvist');
  await answer_all(page, 0);
  await page.route('**/answers', (route) => route.abort());
  await submit(page);
  await page.getByText('wait for the network').waitFor();
  const first = new URL(page.url()).pathname.split('/').pop();
  await join_quiz(page, 'Ibrahim Diallo');
  await page.unroute('**/answers');
  const sent = page.waitForRequest((request) => request.url().endsWith(`/api/attempts/${first}/answers`));
  await page.goto('/join');
  await sent;
  await page.getByText('have been handed in').waitFor();
  const kept = await page.evaluate((first) => localStorage.getItem(`freshmark.attempt.${first}`), first);
  assert.match(kept, /"accepted_at":\d+/);
  assert.doesNotMatch(kept, /"choice"|"questions":\[/, 'the device keeps no more than the page of the receipt needs');
  await page.goto(`/quiz/${first}`);
  await page.getByRole('heading', { name: 'Handed in' }).waitFor();
});

test('a device that goes from hand to hand keeps few receipts', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  for (const name of ['Amara Okafor', 'Ben Whitlock', 'Clara Jensen', 'Dmitri Volkov', 'Esther Adeyemi']) {
    await join_quiz(page, name);
    await answer_all(page, 0);
    await submit(page);
    await page.getByRole('heading', { name: 'Handed in' }).waitFor();
  }
  await page.goto('/');
  await page.getByRole('link', { name: 'Join with a code', exact: true }).waitFor();
  const kept = await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('freshmark.attempt.')).length);
  assert.equal(kept, 3);
});

test('a browser that keeps nothing says so, and the quiz can be taken all the same', async () => {
  const context = await school.visitor(chrome);
  await context.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } });
  });
  const page = await context.newPage();
  await join_quiz(page, 'Viktor Novak');
  await page.getByText('This browser keeps nothing').waitFor();
  await answer_all(page, 1);
  await page.route('**/answers', (route) => route.abort());
  await submit(page);
  await page.getByText('This browser keeps nothing: leave this page open').waitFor();
  await page.unroute('**/answers');
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await page.getByRole('heading', { name: 'Handed in' }).waitFor();
});

test('answers and place outlive a reload in the middle of the quiz', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await join_quiz(page, 'Ibrahim Diallo');
  await page.getByRole('radio').nth(2).check();
  await page.getByText('Saved on this device').waitFor();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.reload();
  await page.getByText('Question 2 of 10').waitFor();
  await page.getByRole('button', { name: 'Back' }).click();
  assert.equal(await page.getByRole('radio').nth(2).isChecked(), true);
});

test('a double click hands in once', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  let sent = 0;
  page.on('request', (request) => { if (request.url().endsWith('/answers')) sent += 1; });
  await join_quiz(page, 'Jade Thompson');
  await answer_all(page, 1);
  await page.getByRole('button', { name: 'Submit' }).dblclick();
  await page.getByRole('heading', { name: 'Handed in' }).waitFor();
  assert.equal(sent, 1);
});

/** Has a page tell how many milliseconds it takes to say that the server is lost, from when its connections break. */
const watch_for_the_loss = (page) => page.evaluate((address) => new Promise((open) => {
  const witness = new EventSource(address);
  witness.onopen = () => open();
  window.took = new Promise((tell) => {
    let broke = NaN;
    witness.onerror = () => { witness.close(); broke = performance.now(); };
    new MutationObserver((_, observer) => {
      if (!document.body.textContent.includes('This page lost the server')) return;
      observer.disconnect();
      tell(performance.now() - broke);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}), `/api/live?assignments=${CLOSED}`);

test('a page that lost its server says so within five seconds, and catches up by itself', async () => {
  const context = await school.staff(chrome, 'teacher');
  const page = await context.newPage();
  await page.goto(`/results/${CLOSED}`);
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();
  await watch_for_the_loss(page);
  await school.kill();
  await page.getByText(/^This page lost the server at .* Last known at .*: \d+ of \d+ submitted, all counted$/).waitFor();
  const took = await page.evaluate(() => window.took);
  assert.ok(took <= 5_000, `it took ${took} ms`);
  await school.restart();
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();
});

test('results that cannot be read at first are asked for again, at a bounded pace', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  const asked = [];
  const unavailable = { status: 503, json: { error: 'unavailable', message: 'the warehouse is busy' } };
  await page.route('**/api/class_results*', (route) => { asked.push(Date.now()); return route.fulfill(unavailable); });
  await page.goto(`/results/${OPEN}`);
  await page.getByText('This page tries again by itself').waitFor();
  // By then it is connected, and knows that this was not the reason.
  await ticks(school, chrome, 2);
  const before = asked.length;
  const alert = await page.getByText('This page tries again by itself').elementHandle();
  await until(() => asked.length >= before + 2);
  assert.equal(await alert.evaluate((element) => element.isConnected), true, 'a screen reader says it once');
  assert.ok(asked[before + 1] - asked[before] >= 1_900, `the pauses grow: ${asked}`);
  await page.unroute('**/api/class_results*');
  await page.getByRole('heading', { name: 'Photosynthesis check' }).waitFor({ timeout: 10_000 });
  assert.equal(await page.getByText('cannot be shown').count(), 0);
});

test('a page whose session has ended leads to sign in, and back', async () => {
  const context = await school.staff(chrome, 'teacher');
  const page = await context.newPage();
  await page.goto(`/results/${CLOSED}`);
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();
  await context.request.delete('/api/session');
  await school.kill();
  await school.restart();
  await page.waitForURL(`**/signin?then=${encodeURIComponent(`/results/${CLOSED}`)}`, { timeout: 20_000 });
  await page.getByLabel('Email').fill('teacher@demo.school');
  await page.getByLabel('Password').fill('freshmark-2026');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();

  await context.request.delete('/api/session');
  await page.getByRole('navigation').getByRole('link', { name: 'Classes' }).click();
  await page.waitForURL('**/signin?then=%2Fclasses');
});

test('results lie under Classes in the bar', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  const classes = page.getByRole('navigation').getByRole('link', { name: 'Classes' });
  for (const [path, current] of [['/classes', 'page'], [`/results/${CLOSED}`, 'true']]) {
    await page.goto(path);
    await classes.waitFor();
    assert.equal(await classes.getAttribute('aria-current'), current);
  }
});

test('a page whose assignment is gone says so, and does not go on connecting', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  // A connection of its own, which can be counted here; for a shared one see tabs.test.mjs.
  await page.addInitScript(() => { delete window.SharedWorker; });
  await page.goto(`/results/${CLOSED}`);
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();
  const gone = { status: 404, json: { error: 'not_found', message: 'there is no such assignment' } };
  await page.route('**/api/class_results*', (route) => route.fulfill(gone));
  let connections = 0;
  await page.route('**/api/live*', (route) => { connections += 1; return route.fulfill(gone); });
  await school.kill();
  await school.restart();
  await page.getByText('The results cannot be shown: there is no such assignment.').waitFor({ timeout: 20_000 });
  const before = connections;
  await ticks(school, chrome, 5);
  assert.equal(connections, before);
});

test('an admin sees the banner on every page', async () => {
  const page = await (await school.staff(chrome, 'admin')).newPage();
  const banner = page.getByRole('complementary', { name: 'Pipeline' });
  for (const path of ['/', '/join', '/signin', '/nowhere', '/quiz/none', '/classes', `/results/${OPEN}`, '/pipeline']) {
    await page.goto(path);
    await banner.getByText(/^Pipeline: /).waitFor({ timeout: 5_000 });
    assert.equal(await banner.count(), 1, path);
  }
  await page.getByRole('button', { name: 'Sign out' }).click();
  // Exactly: the page to sign in has a link "join with a code".
  await page.getByRole('link', { name: 'Join with a code', exact: true }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/');
  assert.equal(await banner.count(), 0);
});

test('a teacher sees no banner and no pipeline', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  await page.goto(`/results/${OPEN}`);
  await page.getByRole('heading', { name: 'Photosynthesis check' }).waitFor();
  assert.equal(await page.getByRole('complementary', { name: 'Pipeline' }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Pipeline' }).count(), 0);
});
