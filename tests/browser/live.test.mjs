// Two browsers: what a student hands in changes the page that the teacher has open.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CLOSED, OPEN, School, answer_all, browser, join_quiz, submit, ticks, until } from './school.mjs';

let chrome, school;
before(async () => { chrome = await browser(); school = await School.open(); });
after(async () => { await chrome?.close(); await school?.close(); });

test('the teacher’s open page follows a submission without a reload, and says how current it is', async () => {
  const teacher = await (await school.staff(chrome, 'teacher')).newPage();
  await teacher.goto(`/results/${OPEN}?question=2`);
  await teacher.getByText('No answers yet; this page fills by itself').waitFor();
  await teacher.getByText('0 of 31 submitted', { exact: true }).waitFor();
  await teacher.evaluate(() => { window.sameDocument = true; });

  const student = await (await school.visitor(chrome)).newPage();
  await join_quiz(student, 'Amara Okafor');
  await teacher.getByText('1 working').waitFor();
  await answer_all(student, 1);
  await submit(student);
  await student.getByRole('heading', { name: 'Handed in' }).waitFor();
  assert.match(await student.getByText(/Your 10 answers arrived at/).textContent(), /\d\d:\d\d:\d\d\.$/);

  await teacher.getByText(/^Up to date: 1 of 31 submitted, all counted \(last at \d\d:\d\d\)$/).waitFor();
  await teacher.getByText('1 of 31 submitted', { exact: true }).waitFor();
  await teacher.getByRole('img', { name: /chose/ }).waitFor();
  assert.equal(await teacher.evaluate(() => window.sameDocument), true, 'the page was not loaded again');
  assert.equal(new URL(teacher.url()).search, '?question=2', 'the selection stayed');
  await teacher.getByRole('heading', { name: 'Question 2' }).waitFor();
  assert.equal(await teacher.getByRole('button', { name: /^Question 1: / }).count(), 1);
  await teacher.context().close();
});

test('every open page of the assignment follows a submission, and a page of another one asks nothing', async () => {
  const context = await school.staff(chrome, 'teacher');
  const open = async (assignment) => {
    const page = await context.newPage();
    const asked = [];
    page.on('request', (request) => { if (request.url().includes('/api/class_results')) asked.push(request.url()); });
    await page.goto(`/results/${assignment}`);
    await page.getByRole('heading', { name: 'Correct, per question' }).waitFor();
    return { page, asked };
  };
  const pages = [await open(OPEN), await open(OPEN)];
  const other = await open(CLOSED);
  await other.page.waitForLoadState('load');
  await ticks(school, chrome, 2);
  const asked_before = other.asked.length;

  const student = await (await school.visitor(chrome)).newPage();
  await join_quiz(student, 'Priya Raman');
  await answer_all(student, 0);
  const counted = async ({ page }) => Number((await page.getByText(/^\d+ of \d+ answers counted$/).textContent()).match(/^\d+/)[0]);
  const before = await counted(pages[0]);
  await submit(student);
  for (const one of pages) await one.page.getByText(`${before + 10} of ${before + 10} answers counted`, { exact: true }).waitFor();
  await ticks(school, chrome, 2);
  assert.equal(other.asked.length, asked_before, 'the page of the other assignment asked nothing');
  assert.ok(other.asked.length >= 1, 'it did ask at first, so that the count counts');
  await context.close();
});

test('the classes page follows who has submitted, over the same connection, and its links stay', async () => {
  const teacher = await (await school.staff(chrome, 'teacher')).newPage();
  await teacher.goto('/classes');
  const row = teacher.locator(`a[href="/results/${OPEN}"]`);
  await row.getByText('Live').waitFor();
  const submitted = async () => Number((await row.getByText(/^\d+ of 31 submitted$/).textContent()).match(/^\d+/)[0]);
  const before = await submitted();
  await teacher.locator(`a[href="/results/${CLOSED}"]`).getByText('Final').waitFor();
  await row.focus();
  const asked = [];
  teacher.on('request', (request) => { if (request.url().includes('/api/my_classes')) asked.push(request.url()); });

  const student = await (await school.visitor(chrome)).newPage();
  await join_quiz(student, 'Clara Jensen');
  await answer_all(student, 0);
  await submit(student);
  await row.getByText(`${before + 1} of 31 submitted`).waitFor();
  await row.getByText('all counted').waitFor();
  assert.ok(asked.length >= 1, 'it asked again');
  assert.equal(await row.evaluate((link) => link === document.activeElement), true, 'the focus stayed');
  // What is final is not followed any more: the open assignments of two classes are.
  await until(async () => await school.metric('live_assignments') === 2);
  await teacher.context().close();
});

test('closing makes the results final and shows students the right answers', async () => {
  const student = await (await school.visitor(chrome)).newPage();
  await join_quiz(student, 'Ben Whitlock');
  await answer_all(student, 2);
  await submit(student);
  await student.getByRole('heading', { name: 'Handed in' }).waitFor();
  assert.equal(await student.getByText('The carbon in sugar').count(), 0);

  const late = await (await school.visitor(chrome)).newPage();
  await join_quiz(late, 'Dmitri Volkov');

  const context = await school.staff(chrome, 'teacher');
  const [teacher, classes] = [await context.newPage(), await context.newPage()];
  await classes.goto('/classes');
  const row = classes.locator(`a[href="/results/${OPEN}"]`);
  await row.getByText('Live').waitFor();
  await teacher.goto(`/results/${OPEN}`);
  await teacher.getByText('1 working').waitFor();
  const grid = teacher.getByRole('region', { name: 'Every student, every question' });
  await grid.scrollIntoViewIfNeeded();
  await grid.getByText('working', { exact: true }).waitFor();
  await teacher.getByRole('button', { name: 'Close quiz' }).click();
  await teacher.getByText('1 student has not finished').waitFor();
  await teacher.getByRole('dialog').getByRole('button', { name: 'Close quiz' }).click();
  await teacher.getByText(/^Closed: \d+ of 31 submitted, all counted \(last at \d\d:\d\d\)$/).waitFor();
  await teacher.getByRole('status').filter({ hasText: 'Final' }).waitFor();
  await row.getByText('Final').waitFor();
  await row.getByText(/^Closed at /).waitFor();

  // Nobody is working any more.
  await teacher.getByText('1 did not hand in').waitFor();
  await grid.getByText('did not hand in', { exact: true }).waitFor();
  await grid.getByText('did not start', { exact: true }).first().waitFor();
  assert.doesNotMatch(await teacher.locator('main').innerText(), /\bworking\b|not started/);
  await grid.getByRole('row').filter({ hasText: 'did not hand in' }).getByRole('link').click();
  await teacher.getByText('This student joined and did not hand in before the quiz was closed.').waitFor();

  await student.getByRole('button', { name: 'Check for answers' }).click();
  await student.getByText('The carbon in sugar').waitFor();
});
