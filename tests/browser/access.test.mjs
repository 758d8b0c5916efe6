// Keyboard, screen reader, contrast: axe finds nothing on any page, light and dark, and no mouse is needed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { CLOSED, CODE, OPEN, School, answer_all, browser, cut_off, join_quiz, look_back, submit } from './school.mjs';

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
    await staff.getByText('Export').click();
    await check(staff, 'the menu');
    await staff.keyboard.press('Escape');
    await staff.getByRole('button', { name: 'Fix this question…' }).click();
    await staff.getByRole('radio', { name: /^Leave this question out/ }).check();
    await staff.getByRole('status').filter({ hasText: '→' }).waitFor();
    await check(staff, 'a ruling');
    await staff.getByRole('button', { name: 'Apply' }).click();
    const undo = staff.getByRole('button', { name: 'Undo: Question 2 is void' });
    await undo.waitFor();
    await staff.getByRole('dialog').waitFor({ state: 'hidden' });
    await check(staff, 'the log of rulings');
    await undo.click();
    await undo.waitFor({ state: 'detached' });
    await check(staff, 'a ruling that was undone');
    await staff.getByRole('link', { name: 'Amara Okafor' }).click();
    await staff.getByRole('heading', { name: 'Attempt 1' }).waitFor();
    await check(staff, 'a student');
    await staff.goto(`/results/${CLOSED}/projector?question=2`);
    await staff.getByRole('button', { name: 'Show the key' }).click();
    await staff.getByRole('img', { name: /The key is/ }).waitFor();
    await check(staff, 'the projector');
    await staff.goto(`/results/${OPEN}?compare=3`);
    await staff.getByRole('heading', { name: /^Compared with/ }).waitFor();
    await check(staff, 'a comparison');
    await look_back(staff, OPEN);
    await check(staff, 'the past');
    await staff.goto(`/results/${OPEN}`);
    await staff.getByRole('button', { name: 'Close quiz' }).click();
    await staff.getByRole('dialog').waitFor();
    await check(staff, 'the question before closing');

    const lost = await (await school.staff(chrome, 'admin', options)).newPage();
    await lost.goto(`/results/${CLOSED}`);
    await cut_off(lost);
    await check(lost, 'a page that lost its server');

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

test('Escape leaves a ruling, and the focus is back on the button that led to it', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  await page.goto(`/results/${CLOSED}?question=2`);
  const button = page.getByRole('button', { name: 'Fix this question…' });
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Fix question 2' });
  await dialog.getByRole('radio', { name: /^Leave this question out/ }).check();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await button.evaluate((element) => element === document.activeElement), true);
});

/** Has a page count how often its first chart is painted. */
const count_paintings = (page) => page.addInitScript(() => {
  window.paintings = 0;
  const { fillRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillRect = function (left, top, width, height) {
    // Each begins with the ground of the whole chart.
    if (left === 0 && top === 0 && height > 100 && this.canvas === document.querySelector('canvas')) window.paintings += 1;
    return fillRect.call(this, left, top, width, height);
  };
});

/** How often the chart has been painted, once it has been left alone for twenty frames. */
const paintings = (page) => page.evaluate(() => new Promise((resolve) => {
  let [before, calm] = [0, 0];
  const frame = () => {
    calm = window.paintings === before ? calm + 1 : 0;
    before = window.paintings;
    if (before > 0 && calm === 20) resolve(before);
    else requestAnimationFrame(frame);
  };
  frame();
}));

test('a chart glides from one picture to the next, and does not where less motion is asked for', async () => {
  const paintings_of_each = async (reducedMotion) => {
    const page = await (await school.staff(chrome, 'teacher', { reducedMotion })).newPage();
    await count_paintings(page);
    await page.goto(`/results/${CLOSED}`);
    const found = [];
    for (const number of [3, 4, 5, 6]) {
      const before = await paintings(page);
      await page.getByRole('button', { name: new RegExp(`^Question ${number}: `) }).click();
      await page.getByRole('heading', { name: `Question ${number}`, exact: true }).waitFor();
      found.push(await paintings(page) - before);
    }
    return found;
  };
  assert.deepEqual(await paintings_of_each('reduce'), [1, 1, 1, 1]);
  const moving = await paintings_of_each('no-preference');
  assert.ok(Math.max(...moving) > 1, `painted ${moving} times`);
});

test('a chart is drawn anew in other colours and at another width, and its buttons lie where its bars are', async () => {
  const page = await (await school.staff(chrome, 'teacher', { colorScheme: 'light' })).newPage();
  await page.goto(`/results/${CLOSED}`);
  const canvas = page.getByRole('img', { name: /Easiest was/ });
  await canvas.waitFor();
  const card = () => page.locator('.card').first().evaluate((card) => getComputedStyle(card).backgroundColor);
  const ground_is = (color) => page.waitForFunction((color) => {
    const canvas = document.querySelector('canvas');
    const pixel = canvas.getContext('2d').getImageData(canvas.width - 2, 1, 1, 1).data;
    return `rgb(${[...pixel].slice(0, 3).join(', ')})` === color;
  }, color);
  const light = await card();
  await ground_is(light);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await card();
  assert.notEqual(dark, light);
  await ground_is(dark);

  const wide = await canvas.evaluate((canvas) => canvas.width);
  await page.setViewportSize({ width: 900, height: 900 });
  await page.waitForFunction((wide) => {
    const [canvas, row] = ['canvas', '.bars button'].map((what) => document.querySelector(what));
    const [drawn, over] = [canvas, row].map((element) => element.getBoundingClientRect());
    const lies_over = Math.abs(drawn.left - over.left) < 1 && Math.abs(drawn.width - over.width) < 1;
    return canvas.width < wide && canvas.width === Math.round(canvas.clientWidth * devicePixelRatio) && lies_over;
  }, wide);
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
