// Two browsers: what a student hands in changes the page that the teacher has open.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CLOSED, OPEN, School, answer_all, browser, join_quiz, submit, ticks } from './school.mjs';

let chrome, school;
before(async () => { chrome = await browser(); school = await School.open(); });
after(async () => { await chrome?.close(); await school?.close(); });

test('the teacher’s open page follows a submission without a reload, and says how current it is', async () => {
  const teacher = await (await school.staff(chrome, 'teacher')).newPage();
  await teacher.goto(`/results/${OPEN}?question=2`);
  await teacher.getByText('No answers yet; this page fills by itself').waitFor();
  await teacher.getByText('0 of 31 submitted').waitFor();
  await teacher.evaluate(() => { window.sameDocument = true; });

  const student = await (await school.visitor(chrome)).newPage();
  await join_quiz(student, 'Amara Okafor');
  await teacher.getByText('1 working').waitFor();
  await answer_all(student, 1);
  await submit(student);
  await student.getByRole('heading', { name: 'Handed in' }).waitFor();
  assert.match(await student.getByText(/Your 10 answers arrived at/).textContent(), /\d\d:\d\d:\d\d\.$/);

  await teacher.getByText(/^All answers received by \d\d:\d\d:\d\d are counted: 10 of 10$/).waitFor();
  await teacher.getByText('1 of 31 submitted').waitFor();
  await teacher.getByRole('img', { name: /chose/ }).waitFor();
  assert.equal(await teacher.evaluate(() => window.sameDocument), true, 'the page was not loaded again');
  assert.equal(new URL(teacher.url()).search, '?question=2', 'the selection stayed');
  await teacher.getByRole('heading', { name: 'Question 2' }).waitFor();
  assert.equal(await teacher.getByRole('button', { name: /^Question 1: / }).count(), 1);
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
  const counted = async ({ page }) => Number((await page.getByText(/counted: \d+ of \d+/).textContent()).match(/(\d+) of \d+$/)[1]);
  const before = await counted(pages[0]);
  await submit(student);
  for (const one of pages) await one.page.getByText(`are counted: ${before + 10} of ${before + 10}`).waitFor();
  await ticks(school, chrome, 2);
  assert.equal(other.asked.length, asked_before, 'the page of the other assignment asked nothing');
  assert.ok(other.asked.length >= 1, 'it did ask at first, so that the count counts');
});

test('closing makes the results final and shows students the right answers', async () => {
  const student = await (await school.visitor(chrome)).newPage();
  await join_quiz(student, 'Ben Whitlock');
  await answer_all(student, 2);
  await submit(student);
  await student.getByRole('heading', { name: 'Handed in' }).waitFor();
  assert.equal(await student.getByText('The carbon in sugar').count(), 0);

  const teacher = await (await school.staff(chrome, 'teacher')).newPage();
  await teacher.goto(`/results/${OPEN}`);
  await teacher.getByRole('button', { name: 'Close quiz' }).click();
  await teacher.getByRole('dialog').getByRole('button', { name: 'Close quiz' }).click();
  await teacher.getByText(/^Closed, and every answer is counted: \d+ of \d+$/).waitFor();
  await teacher.getByRole('status').filter({ hasText: 'Final' }).waitFor();

  await student.getByRole('button', { name: 'Check for answers' }).click();
  await student.getByText('The carbon in sugar').waitFor();
});
