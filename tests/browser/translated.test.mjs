// Browsers that translate the page: what is shown is what is so, on every page, and the page says that it is translated.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CLOSED, CODE, OPEN, OTHER, OTHER_CODE, School, browser, join_quiz, look_back, play, until } from './school.mjs';
import { translate, translate_all } from './translator.mjs';

let chrome, school;
before(async () => { chrome = await browser(); school = await School.open(); await play(school, 6); });
after(async () => { await chrome?.close(); await school?.close(); });

/** What a page's text holds, translated or not. */
const shows = (page, text, seconds = 10) => until(async () => (await page.locator('body').innerText()).replaceAll(/[⟨⟩]/g, '').includes(text), seconds)
  .catch(async () => { throw new Error(`wanted “${text}” on: ${await page.locator('body').innerText()}`); });
const kept = (page) => page.evaluate(() => JSON.parse(localStorage.getItem(Object.keys(localStorage).find((key) => key.startsWith('freshmark.attempt.')))));

test('the question that is shown is the one that is answered', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await join_quiz(page, 'Lena Hartmann');
  await translate(page);
  await shows(page, 'Your browser translates this page');
  const questions = (await kept(page)).view.questions;
  for (const [place, question] of questions.entries()) {
    await shows(page, `Question ${place + 1} of 10`);
    await shows(page, question.text);
    const at = place % question.choices.length;
    await shows(page, question.choices[at].text);
    await page.getByRole('radio').nth(at).check();
    const { given } = await kept(page);
    assert.equal(given[question.id].choice, question.choices[at].id);
    if (place === 3) {
      await page.locator('.foot button').nth(1).click();
      await shows(page, 'Flagged');
    }
    await page.locator('.foot .main').click();
  }
  await shows(page, 'Look over your answers');
  await shows(page, 'Every question has an answer.');
  await page.route('**/answers', (route) => route.abort());
  await page.locator('.foot .main').click();
  await shows(page, 'wait for the network');
  await page.unroute('**/answers');
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await shows(page, 'Your 10 answers arrived at');
  assert.ok(!(await page.locator('h1').innerText()).includes('Handing in'), 'the heading has changed');
  assert.ok(!(await page.locator('main').innerText()).includes('wait for the network'), 'the notice has gone');
});

test('a page to join and a page to sign in say what is wrong, and then what else is', async () => {
  const context = await school.visitor(chrome);
  await translate_all(context);
  const page = await context.newPage();
  await page.goto('/join');
  await shows(page, 'Join a quiz');
  await page.locator('[name=code]').fill('XXX-000');
  await page.locator('[name=name]').fill('Lena Hartmann');
  await page.locator('button[type=submit]').click();
  await shows(page, 'XXX-000');
  await page.route('**/api/join', (route) => route.abort());
  await page.locator('button[type=submit]').click();
  await shows(page, 'You have not joined yet');
  assert.ok(!(await page.locator('main').innerText()).includes('XXX-000'), 'what was wrong before is gone');
  await page.goto('/signin');
  await page.route('**/api/session', (route) => route.abort());
  await page.locator('[name=email]').fill('teacher@demo.school');
  await page.locator('[name=password]').fill('wrong');
  await page.locator('button[type=submit]').click();
  await shows(page, 'no answer came from the server');
});

test('a teacher’s page follows the class, and says when it has lost its server', async () => {
  const context = await school.staff(chrome, 'teacher');
  await translate_all(context);
  const page = await context.newPage();
  await page.goto(`/results/${OTHER}`);
  await shows(page, 'No answers yet; this page fills by itself');
  await play(school, 3, OTHER_CODE);
  await shows(page, '30 of 30 answers counted');
  await shows(page, '3 of 27 submitted');
  await page.goto(`/results/${OPEN}`);
  await shows(page, 'Question 1');
  const second = await page.evaluate(async (id) => (await (await fetch(`/api/class_results?assignment=${id}`)).json()).questions[1], OPEN);
  await page.locator('.chart .bars button').nth(1).click();
  await shows(page, second.text);
  await page.locator('.students').scrollIntoViewIfNeeded();
  await page.getByRole('button', { name: 'Show names' }).last().click();
  await shows(page, 'Amara Okafor');
  await shows(page, 'Names shown');
  await page.goto(`/results/${CLOSED}`);
  await shows(page, 'Closed: ');
  await school.kill();
  await shows(page, 'This page lost the server at');
  await school.restart();
  await shows(page, 'Closed: ', 20);
});

test('no page breaks when it is translated, and each says that it is', async () => {
  const context = await school.staff(chrome, 'admin');
  await translate_all(context);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error}`));
  for (const [path, text] of [
    ['/', 'Join with a code'], ['/join', 'Join a quiz'], [`/join/${CODE}`, 'Join a quiz'], ['/signin', 'Sign in'],
    ['/quiz/none', 'This quiz is not on this device'], ['/nowhere', 'There is no page here'], ['/classes', 'Year 8 · Science B'],
    [`/results/${OPEN}`, 'Correct, per question'], [`/results/${CLOSED}/projector`, 'Show the key'], ['/pipeline', 'Latest loads'],
  ]) {
    await page.goto(path);
    await shows(page, text);
    await shows(page, 'Your browser translates this page');
  }
  await look_back(page, OPEN);
  await shows(page, 'Showing ');
  await page.goto(`/results/${CLOSED}/projector?question=2`);
  await shows(page, 'Show the key');
  await page.keyboard.press('k');
  await shows(page, 'The key is');
  await shows(page, 'Hide the key');
  assert.deepEqual(faults, []);
});
