// On a phone everything that is tapped is at least 44 px, both ways, nothing in the bar lies over anything else, and
// nothing lies outside the screen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CLOSED, OPEN, School, answer_all, browser, join_quiz, look_back, submit } from './school.mjs';

const TARGET = 44;
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
let chrome, school;
before(async () => { chrome = await browser(); school = await School.open(); });
after(async () => { await chrome?.close(); await school?.close(); });

const PRESSED = ['a', 'button', 'input', 'select', 'summary'].map((name) => `${name}:visible`).join();

/** A page that is too wide makes a phone's window wider, too: only the phone itself stays as it is. */
async function assert_fits(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= phone.viewport.width, `${where} is ${wide} px wide`);
}

/** Every target on the page that is too small; a radio button or a check box is as large as its label. */
async function assert_touchable(page, where) {
  const targets = await page.locator(PRESSED).evaluateAll((elements) => elements.map((element) => {
    const target = (element.matches('[type="radio"], [type="checkbox"]') && element.closest('label')) || element;
    const { width, height } = target.getBoundingClientRect();
    return { name: element.ariaLabel || target.textContent || element.name, width, height };
  }));
  assert.ok(targets.length > 0, where);
  const small = targets.filter(({ width, height }) => width < TARGET - 0.01 || height < TARGET - 0.01);
  assert.deepEqual(small, [], where);
  const bar = await page.locator('.bar a:visible, .bar button:visible, .bar svg:visible').evaluateAll((elements) => elements
    .map((element) => ({ of: element.closest('a, button'), ...element.getBoundingClientRect().toJSON() }))
    .filter(({ of, width }, place, all) => width < 1 || all.some((other) => other.of !== of && all.indexOf(other) > place && other.left < all[place].right - 0.5))
    .map(({ of, width }) => `${of.textContent} ${width}`));
  assert.deepEqual(bar, [], `the bar of ${where}`);
  await assert_fits(page, where);
}

test('whatever a student taps', async () => {
  const page = await (await school.visitor(chrome, phone)).newPage();
  for (const [path, text] of [['/', 'Join with a code'], ['/join', 'Join a quiz'], ['/nowhere', 'There is no page here'], ['/quiz/none', 'not on this device']]) {
    await page.goto(path);
    await page.getByText(text).first().waitFor();
    await assert_touchable(page, path);
  }
  await join_quiz(page, 'Tess Van Dijk');
  await assert_touchable(page, 'a question');
  await page.goto('/join');
  await page.getByRole('link', { name: 'Continue it' }).waitFor();
  await assert_touchable(page, 'going on');
  await page.getByRole('link', { name: 'Continue it' }).click();
  await answer_all(page, 1);
  await assert_touchable(page, 'the review');
  await page.route('**/answers', (route) => route.abort());
  await submit(page);
  await page.getByText('wait for the network').waitFor();
  await assert_touchable(page, 'waiting');
  await page.unroute('**/answers');
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await page.getByRole('button', { name: 'Check for answers' }).waitFor();
  await assert_touchable(page, 'handed in');
});

test('whatever a teacher or an admin taps', async () => {
  for (const who of ['teacher', 'admin']) {
    const page = await (await school.staff(chrome, who, phone)).newPage();
    for (const [path, text] of [['/classes', 'Year 8 · Science B'], [`/results/${CLOSED}`, 'Correct, per question'], [`/results/${OPEN}`, 'join code']]) {
      await page.goto(path);
      await page.getByText(text).first().waitFor();
      await assert_touchable(page, `${path}, ${who}`);
    }
    await page.getByText('Export').click();
    await page.getByRole('button', { name: 'Chart (PNG)' }).waitFor();
    await assert_touchable(page, `the menu, ${who}`);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Fix this question…' }).click();
    await page.getByRole('radio', { name: /^Leave this question out/ }).waitFor();
    await assert_touchable(page, `a ruling, ${who}`);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Close quiz' }).click();
    await page.getByRole('dialog').waitFor();
    await assert_touchable(page, 'the question before closing');
    await look_back(page, OPEN);
    await assert_touchable(page, `the past, ${who}`);
  }
  const page = await (await school.visitor(chrome, phone)).newPage();
  await page.goto('/signin');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await assert_touchable(page, '/signin');
});

test('a wide table scrolls by itself, and the page stays as wide as the phone', async () => {
  const page = await (await school.staff(chrome, 'teacher', phone)).newPage();
  await page.goto(`/results/${CLOSED}`);
  const grid = page.getByRole('region', { name: 'Every student, every question' });
  await grid.scrollIntoViewIfNeeded();
  await page.getByRole('button', { name: 'Show names' }).first().click();
  await grid.getByRole('row', { name: /Amara Okafor/ }).waitFor();
  const [table, card] = await grid.evaluate((region) => [region.scrollWidth, region.clientWidth]);
  assert.ok(table > card, 'it is wider than its card');
  await assert_fits(page, 'the results');
});

test('closing a quiz is not the largest thing on a phone, and not its main action', async () => {
  const page = await (await school.staff(chrome, 'teacher', phone)).newPage();
  await page.goto(`/results/${OPEN}`);
  const close = page.getByRole('button', { name: 'Close quiz' });
  await close.waitFor();
  assert.ok((await close.boundingBox()).width < 140);
  const [button, accent] = await close.evaluate((element) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'var(--accent)';
    return [getComputedStyle(element).backgroundColor, getComputedStyle(probe).color];
  });
  assert.notEqual(button, accent);
});
