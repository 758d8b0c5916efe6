// Keyboard, screen reader, contrast: axe finds nothing on any page, light and dark, and no mouse is needed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { CLOSED, CODE, OPEN, School, answer_all, browser, join_quiz, submit } from './school.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let chrome, school;
before(async () => { chrome = await browser(); school = await School.open(); });
after(async () => { await chrome?.close(); await school?.close(); });

async function check(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join(' | ')}`);
  assert.deepEqual(found, [], where);
}

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing on any page, ${colorScheme}`, async () => {
    // The page's own policy keeps injected scripts out; axe has to be let in.
    const options = { colorScheme, bypassCSP: true };
    const staff = await (await school.staff(chrome, 'admin', options)).newPage();
    for (const [path, text] of [
      ['/classes', 'Year 8 · Science B'], [`/results/${CLOSED}`, 'Correct, per question'], [`/results/${OPEN}`, 'join code'],
      ['/pipeline', 'Latest loads'], ['/nowhere', 'There is no page here'],
    ]) {
      await staff.goto(path);
      await staff.getByText(text).first().waitFor();
      await check(staff, path);
    }
    await staff.goto(`/results/${CLOSED}`);
    await staff.getByRole('button', { name: 'Table' }).first().click();
    await staff.getByRole('region', { name: 'Correct, per question' }).getByRole('table').waitFor();
    await check(staff, 'the table');
    await staff.getByRole('button', { name: 'Table' }).nth(1).click();
    await staff.getByRole('region', { name: 'Answers per choice' }).waitFor();
    await check(staff, 'the table of choices');
    await staff.goto(`/results/${CLOSED}?attempts=best&sort=worst&question=2`);
    await staff.getByText('Who answered what').click();
    await staff.getByRole('button', { name: 'Show names' }).first().click();
    await staff.getByRole('button', { name: 'Hide names' }).first().waitFor();
    await staff.getByRole('region', { name: 'Every student, every question' }).scrollIntoViewIfNeeded();
    await staff.getByRole('row').filter({ hasText: 'Amara Okafor' }).waitFor();
    await check(staff, 'the students');
    await staff.getByText('Take away').click();
    await check(staff, 'the menu');
    await staff.keyboard.press('Escape');
    await staff.getByRole('button', { name: 'Void or rekey…' }).click();
    await staff.getByRole('radio', { name: /^Void/ }).check();
    await staff.getByRole('status').filter({ hasText: '→' }).waitFor();
    await check(staff, 'a ruling');
    await staff.getByRole('button', { name: 'Not now' }).last().click();
    await staff.getByRole('link', { name: 'Amara Okafor' }).click();
    await staff.getByRole('heading', { name: 'Attempt 1' }).waitFor();
    await check(staff, 'a student');
    await staff.goto(`/results/${CLOSED}/projector?question=2`);
    await staff.getByRole('button', { name: 'Show the key' }).click();
    await staff.getByRole('img', { name: /The key is/ }).waitFor();
    await check(staff, 'the projector');
    await staff.goto(`/results/${OPEN}`);
    await staff.getByRole('button', { name: 'Close quiz' }).click();
    await staff.getByRole('dialog').waitFor();
    await check(staff, 'the question before closing');

    const student = await (await school.visitor(chrome, { ...options, viewport: { width: 390, height: 844 } })).newPage();
    for (const [path, text] of [['/', 'Join with a code'], ['/join', 'Join a quiz'], ['/signin', 'Sign in']]) {
      await student.goto(path);
      await student.getByText(text).first().waitFor();
      await check(student, path);
    }
    await join_quiz(student, `Kofi ${colorScheme}`);
    await student.getByRole('radio').first().check();
    await check(student, 'a question');
    await student.getByRole('button', { name: 'Flag' }).click();
    await answer_all(student, 2);
    await check(student, 'the review');
    await submit(student);
    await student.getByRole('heading', { name: 'Handed in' }).waitFor();
    await check(student, 'handed in');
  });
}

/** Presses Tab until the focus is on what `selects` finds; no other way leads there. */
async function tab_to(page, wanted) {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail(`Tab does not lead to ${wanted}`);
}

test('a quiz can be taken with the keyboard alone', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await page.goto('/join');
  await tab_to(page, page.getByLabel('Code from your teacher'));
  await page.keyboard.type(CODE);
  await tab_to(page, page.getByLabel('Your name'));
  await page.keyboard.type('Lena Hartmann');
  await page.keyboard.press('Enter');
  for (let number = 1; number <= 10; number += 1) {
    await page.getByText(`Question ${number} of 10`).waitFor();
    await tab_to(page, page.getByRole('radio').first());
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.getByRole('radio').nth(1).isChecked(), true);
    await tab_to(page, page.getByRole('button', { name: number < 10 ? 'Next' : 'Review' }));
    await page.keyboard.press('Enter');
  }
  await page.getByRole('heading', { name: 'Look over your answers' }).waitFor();
  await tab_to(page, page.getByRole('button', { name: 'Submit' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Handed in' }).waitFor();
});

test('each step of a quiz takes the focus to its heading, and a question is read out with its place', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  const focused = (name) => page.waitForFunction(
    (name) => document.activeElement.tagName === 'H1' && document.activeElement.textContent.includes(name), name, { timeout: 2_000 },
  );
  const heading = () => page.getByRole('heading', { level: 1 });
  await join_quiz(page, 'Mateo Rojas');
  const first = await heading().textContent();
  await focused(first);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('Question 2 of 10').waitFor();
  const second = await heading().textContent();
  assert.notEqual(first, second);
  await focused(second);
  const place = await heading().evaluate((h) => document.getElementById(h.getAttribute('aria-describedby'))?.textContent);
  assert.equal(place, 'Question 2 of 10');
  await page.getByRole('button', { name: 'Back' }).click();
  await focused(first);
  await answer_all(page, 0);
  await focused('Look over your answers');
  await submit(page);
  await page.getByText('arrived at').waitFor();
  await focused('Handed in');
});

test('the chart’s rows are buttons that arrow keys move through, and the table says the same', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  await page.goto(`/results/${CLOSED}`);
  const row = (number) => page.getByRole('button', { name: new RegExp(`^Question ${number}: \\d+\\s% correct, n = 28$`) });
  await row(1).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Question 3' }).waitFor();
  assert.equal(await row(3).getAttribute('aria-pressed'), 'true');
  const share = (await row(3).getAttribute('aria-label')).match(/\d+(?=\s%)/)[0];
  await page.getByRole('button', { name: 'Table' }).first().click();
  await page.getByRole('row', { name: new RegExp(`^3\\. .*${share}\\s%`) }).waitFor();
});

test('the charts are sharp: the canvas has as many pixels as the screen', async () => {
  const page = await (await school.staff(chrome, 'teacher', { deviceScaleFactor: 2.5 })).newPage();
  await page.goto(`/results/${CLOSED}`);
  const canvas = page.getByRole('img', { name: /Easiest was/ });
  await canvas.waitFor();
  await page.waitForFunction(() => document.querySelector('canvas').width > 300);
  const [css, pixels] = await canvas.evaluate((c) => [c.clientWidth, c.width]);
  assert.equal(pixels, Math.round(css * 2.5));
});
