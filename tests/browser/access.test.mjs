// Keyboard, screen reader, contrast: axe finds nothing on any page, light and dark, and no mouse is needed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { CLOSED, OPEN, School, browser, join_quiz } from './school.mjs';

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
      ['/classes', 'Year 8 · Science B'], [`/results/${CLOSED}`, 'Correct, per question'], [`/results/${OPEN}`, 'fills by itself'],
      ['/pipeline', 'Latest loads'], ['/nowhere', 'There is no page here'],
    ]) {
      await staff.goto(path);
      await staff.getByText(text).first().waitFor();
      await check(staff, path);
    }
    await staff.goto(`/results/${CLOSED}`);
    await staff.getByRole('button', { name: 'Table' }).first().click();
    await staff.getByRole('table').waitFor();
    await check(staff, 'the table');

    const student = await (await school.visitor(chrome, { ...options, viewport: { width: 390, height: 844 } })).newPage();
    for (const [path, text] of [['/', 'Join with a code'], ['/join', 'Join a quiz'], ['/signin', 'Sign in']]) {
      await student.goto(path);
      await student.getByText(text).first().waitFor();
      await check(student, path);
    }
    await join_quiz(student, `Kofi ${colorScheme}`);
    await student.getByRole('radio').first().check();
    await check(student, 'a question');
  });
}

test('a quiz can be taken with the keyboard alone', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await join_quiz(page, 'Lena Hartmann');
  for (let number = 1; number <= 10; number += 1) {
    await page.getByText(`Question ${number} of 10`).waitFor();
    await page.getByRole('radio').first().focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.getByRole('radio').nth(1).isChecked(), true);
    await page.getByRole('button', { name: number < 10 ? 'Next' : 'Review' }).focus();
    await page.keyboard.press('Enter');
  }
  await page.getByRole('button', { name: 'Submit' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Handed in' }).waitFor();
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
