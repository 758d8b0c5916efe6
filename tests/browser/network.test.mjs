// Bad networks and a server that goes away: nothing is lost, and nothing pretends.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CLOSED, OPEN, School, answer_all, browser, join_quiz, submit } from './school.mjs';

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

test('a page that lost its server says so, and catches up by itself', async () => {
  const context = await school.staff(chrome, 'teacher');
  const page = await context.newPage();
  await page.goto(`/results/${CLOSED}`);
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();
  await school.kill();
  const lost = Date.now();
  await page.getByText(/^This page lost the server at .* Counted until .*: 168 of 168$/).waitFor();
  assert.ok(Date.now() - lost < 6_500, `it took ${Date.now() - lost} ms`);
  await school.restart();
  await page.getByRole('status').filter({ hasText: 'Final' }).waitFor();
});

test('an admin’s banner tells a dead pipeline from a quiet school', async () => {
  await school.kill();
  await school.restart(['--gateway-url', 'http://127.0.0.1:9/gateway/', '--heartbeat-seconds', '1']);
  const page = await (await school.staff(chrome, 'admin')).newPage();
  await page.goto('/classes');
  const banner = page.getByRole('complementary', { name: 'Pipeline' });
  await banner.getByText(/Pipeline: (Catching up|Delayed)/).waitFor();
  await banner.getByText(/the oldest for .* the gateway was not reached/).waitFor();
  await school.kill();
  await school.restart();
  await banner.getByText('Pipeline: Live').waitFor();
  await banner.getByRole('link', { name: 'Look at the pipeline' }).click();
  await page.getByRole('heading', { name: 'quiz-answers' }).waitFor();
});

test('a teacher sees no banner and no pipeline', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  await page.goto(`/results/${OPEN}`);
  await page.getByRole('heading', { name: 'Photosynthesis check' }).waitFor();
  assert.equal(await page.getByRole('complementary', { name: 'Pipeline' }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Pipeline' }).count(), 0);
});
