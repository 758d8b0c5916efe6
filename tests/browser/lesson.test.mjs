// What a teacher does during a lesson: rulings taken back where they are seen, names that stay, the projector.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lesson } from './lesson.mjs';
import { CODE, OPEN, OTHER, OTHER_CODE, look_back, until } from './school.mjs';

const lesson = new Lesson();
const open = (address, options, who) => lesson.open(address, options, who);

async function void_question(page, number) {
  await page.goto(`/results/${OPEN}?question=${number}`);
  await page.getByRole('button', { name: 'Fix this question…' }).click();
  await page.getByRole('radio', { name: /^Leave this question out/ }).check();
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByRole('button', { name: new RegExp(`^Question ${number}: .* void$`) }).waitFor();
}

test('a ruling is taken back at the question, and at the top, where the number of void questions stands', async () => {
  const page = await open(`/results/${OPEN}`);
  await void_question(page, 4);
  await page.getByRole('heading', { name: '1 question void, left out of every score: 4' }).waitFor();
  await page.getByRole('button', { name: 'Undo this ruling' }).click();
  await page.getByRole('button', { name: /^Question 4: .* n = 30$/ }).waitFor();
  await page.locator('h2:focus', { hasText: 'Question 4' }).waitFor();
  assert.equal(await page.getByText('left out of every score').count(), 0);

  await void_question(page, 2);
  await void_question(page, 5);
  await page.getByRole('heading', { name: '2 questions void, left out of every score: 2 and 5' }).waitFor();
  await page.getByRole('button', { name: 'Undo question 2' }).click();
  await page.getByRole('heading', { name: '1 question void, left out of every score: 5' }).waitFor();
  await page.getByRole('button', { name: 'Undo question 5' }).click();
  await page.getByText('left out of every score').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement.matches('main [role=status]'));
});

test('the past looks like the past, nothing can be changed from it, and it leads back to now', async () => {
  const page = await open(`/results/${OPEN}`);
  await void_question(page, 4);
  const line = page.locator('.fresh');
  const verdict = (says) => line.getByRole('status').filter({ hasText: says });
  const changes = ['Close quiz', 'Fix this question…', 'Undo this ruling', 'Undo question 4', 'Undo: Question 4 is void'];
  const button = (name) => page.getByRole('button', { name, exact: true });
  await verdict(/^Live$/).waitFor();
  for (const name of changes) await button(name).waitFor();

  await look_back(page, OPEN);
  await page.getByRole('button', { name: /^Question 4: / }).click();
  await page.getByText('Left out of everyone’s score.').waitFor();
  await verdict(/^Showing (\d{4}-\d\d-\d\d )?\d\d:\d\d, not now$/).waitFor();
  await page.getByRole('heading', { name: '1 question void, left out of every score: 4' }).waitFor();
  assert.doesNotMatch(await line.innerText(), /Live|Final|Up to date/);
  assert.match(await line.getAttribute('class'), /\bpast\b/);
  for (const name of changes) assert.equal(await button(name).count(), 0, name);

  await button('Back to now').click();
  await verdict(/^Live$/).waitFor();
  await page.waitForURL((url) => !url.search.includes('as_of'));
  await page.locator('button:focus', { hasText: 'Now' }).waitFor();
  assert.equal(await button('Back to now').count(), 0);
  for (const name of changes) await button(name).waitFor();
  await button('Undo this ruling').click();
  await page.getByRole('button', { name: /^Question 4: .* n = 30$/ }).waitFor();
});

test('names that come after they were hidden again stay hidden, and those that did not come can be asked for again', async () => {
  const page = await open(`/results/${OPEN}`);
  const grid = page.getByRole('region', { name: 'Every student, every question' });
  await grid.scrollIntoViewIfNeeded();
  await grid.getByText('Student 1', { exact: true }).waitFor();
  await page.evaluate(() => {
    window.seen = [];
    new MutationObserver(() => window.seen.push(document.body.textContent))
      .observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  let answer;
  await page.route('**/api/student_names*', (route) => { answer = () => route.continue(); });
  await page.getByRole('button', { name: 'Show names' }).click();
  await until(() => answer);
  await page.getByRole('button', { name: 'Hide names' }).click();
  const come = page.waitForResponse('**/api/student_names*');
  await answer();
  await (await come).finished();
  assert.equal(await page.getByText('Amara Okafor').count(), 0, 'they stay hidden');
  await page.getByRole('button', { name: 'Show names' }).waitFor();
  await page.unroute('**/api/student_names*');

  await page.route('**/api/student_names*', (route) => route.abort());
  await page.getByRole('button', { name: 'Show names' }).click();
  await page.getByText('The names cannot be shown').waitFor();
  // By now the program has long taken in the answer from before.
  assert.equal(await page.evaluate(() => window.seen.some((text) => text.includes('Amara Okafor'))), false, 'at no moment');
  assert.equal(await page.getByText('Amara Okafor').count(), 0);
  await page.unroute('**/api/student_names*');
  await page.getByRole('button', { name: 'Show names' }).click();
  await grid.getByText('Amara Okafor').waitFor();
});

test('the grid has every student, is sorted as it says, and keeps names shown while a student is looked at', async () => {
  const page = await open(`/results/${OPEN}`);
  const grid = page.getByRole('region', { name: 'Every student, every question' });
  await grid.scrollIntoViewIfNeeded();
  await grid.getByRole('row').nth(31).waitFor();
  assert.equal(await grid.getByRole('row').count(), 32, 'a class of 31 and the heading');
  const first = async () => grid.getByRole('rowheader').allInnerTexts();
  assert.deepEqual((await first()).slice(0, 3), ['Student 1', 'Student 2', 'Student 3']);
  await page.getByRole('button', { name: 'Show names' }).last().click();
  await grid.getByText('Amara Okafor').waitFor();
  const names = await first();
  assert.deepEqual(names, [...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
  await grid.getByRole('button', { name: 'Q3' }).click();
  await page.locator('th[aria-sort="other"]', { hasText: 'Q3' }).waitFor();
  assert.equal(await page.locator('th[aria-sort]').count(), 1);

  await grid.getByRole('link', { name: 'Amara Okafor' }).click();
  await page.getByRole('heading', { name: 'Amara Okafor' }).waitFor();
  await page.goBack();
  await grid.scrollIntoViewIfNeeded();
  await grid.getByText('Amara Okafor').waitFor();
  await page.getByText('Names shown').waitFor();
});

test('on a phone a row of the grid begins with its score', async () => {
  const page = await open(`/results/${OPEN}`, { viewport: { width: 390, height: 844 } });
  const grid = page.getByRole('region', { name: 'Every student, every question' });
  await grid.scrollIntoViewIfNeeded();
  const score = grid.getByRole('columnheader', { name: 'Score' });
  await grid.getByRole('row').nth(2).waitFor();
  const [cell, card] = await Promise.all([score.boundingBox(), grid.boundingBox()]);
  assert.ok(cell.x + cell.width <= card.x + card.width, 'it is seen without scrolling');
});

test('on a phone the projector’s main button has room for its words', async () => {
  const page = await open(`/results/${OPEN}/projector`, { viewport: { width: 390, height: 844 } });
  const button = page.getByRole('button', { name: 'Show the key' });
  await button.waitFor();
  const [needed, room] = await button.evaluate((element) => [element.scrollWidth, element.clientWidth]);
  assert.ok(needed <= room, `${needed} px in ${room}`);
});

test('the projector fills the screen, explains its keys, and keeps the join code while students may still come', async () => {
  const page = await open(`/results/${OTHER}/projector`, { viewport: { width: 1920, height: 1080 } });
  await page.getByText(OTHER_CODE).waitFor();
  await page.getByText(/^0 of \d+ submitted$/).waitFor();
  for (const key of ['←', '→', 'K', 'F', 'Esc']) await page.locator('kbd', { hasText: key }).first().waitFor();
  await page.goto(`/results/${OPEN}/projector?question=4`);
  await page.getByText(CODE).waitFor();
  await page.getByRole('img', { name: /^Chosen most/ }).waitFor();
  await page.waitForFunction(() => document.querySelector('canvas').clientHeight > 300);
  const [chart, caption, bar] = await Promise.all([page.locator('canvas'), page.locator('figcaption'), page.locator('nav')].map((part) => part.boundingBox()));
  assert.ok(chart.width > 1_600, `${chart.width} px wide`);
  assert.ok(caption.y + caption.height <= bar.y, 'nothing lies under the bar');
  assert.ok(bar.y - (caption.y + caption.height) < 260, 'and no large part of the screen is empty');
  await page.getByRole('button', { name: 'Full screen' }).click();
  await page.waitForFunction(() => document.fullscreenElement);
  await page.keyboard.press('f');
  await page.waitForFunction(() => !document.fullscreenElement);
});
