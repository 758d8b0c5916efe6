// A student's page from the join to the right answers: what is kept, what is said, and where the focus is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CODE, OPEN, School, answer_all, browser, join_quiz, submit, until } from './school.mjs';

let chrome, school;
before(async () => { chrome = await browser(); school = await School.open(); });
after(async () => { await chrome?.close(); await school?.close(); });

const records = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('freshmark.attempt.')));

/** Has a page tell the time as a device whose clock is some days off. */
const days_off = (page, days) => page.addInitScript((ms) => {
  const Real = Date;
  window.Date = class extends Real {
    constructor(...args) { super(...(args.length ? args : [Real.now() + ms])); }
    static now() { return Real.now() + ms; }
  };
}, days * 86_400_000);

for (const days of [-200, 200]) {
  test(`a submission that was not sent outlives a clock that was ${days} days off and is put right`, async () => {
    const context = await school.visitor(chrome);
    const page = await context.newPage();
    await days_off(page, days);
    await join_quiz(page, `Mia ${days}`);
    await answer_all(page, 0);
    await context.route('**/answers', (route) => route.abort());
    await submit(page);
    await page.getByText('wait for the network').waitFor();
    const address = page.url();
    await page.close();
    await context.unroute('**/answers');
    const later = await context.newPage();
    await later.goto(address);
    await later.getByText('Your 10 answers arrived at').waitFor();
    await context.close();
  });
}

test('what was handed in is sent where the quiz beside it cannot be read any more', async () => {
  const context = await school.visitor(chrome);
  const page = await context.newPage();
  await join_quiz(page, 'Noor Haddad');
  await answer_all(page, 0);
  await context.route('**/answers', (route) => route.abort());
  await submit(page);
  await page.getByText('wait for the network').waitFor();
  const [key] = await records(page);
  const address = page.url();
  await page.close();
  await context.unroute('**/answers');
  // As a build wrote it that knew less of a quiz than this one asks for.
  const later = await context.newPage();
  await later.addInitScript((key) => {
    const record = JSON.parse(localStorage.getItem(key));
    if (record.view) delete record.view.class_name;
    localStorage.setItem(key, JSON.stringify(record));
  }, key);
  await later.goto(address);
  await later.getByText('Your 10 answers arrived at').waitFor();
  await context.close();
});

test('a join that the server puts off is tried again by itself, and the page says so', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  const asked = [];
  await page.route('**/api/join', (route) => {
    asked.push(Date.now());
    const later = { status: 429, headers: { 'retry-after': '2' }, json: { error: 'too_many', message: 'too many tries to join; try again in 2 seconds', retry_after_s: 2 } };
    return asked.length === 1 ? route.fulfill(later) : route.continue();
  });
  await page.goto(`/join/${CODE}`);
  await page.getByLabel('Your name').fill('Ben Whitlock');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('status').getByText('This page tries again by itself in 2 seconds').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Joining…' }).isDisabled(), true);
  await page.getByText('Question 1 of 10').waitFor();
  assert.ok(asked[1] - asked[0] >= 1_900, `${asked[1] - asked[0]} ms`);
});

test('a page that is left while it joins keeps the attempt, with the name as it was sent', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  let answer;
  await page.route('**/api/join', (route) => { answer = () => route.continue(); });
  await page.goto(`/join/${CODE}`);
  await page.getByLabel('Your name').fill('Amara Okafor');
  await page.getByRole('button', { name: 'Start' }).click();
  await until(() => answer);
  await page.getByLabel('Your name').fill('Somebody else');
  await page.getByRole('link', { name: 'Freshmark' }).click();
  await page.getByRole('link', { name: 'Join with a code', exact: true }).waitFor();
  await answer();
  await until(async () => (await records(page)).length === 1);
  assert.equal(new URL(page.url()).pathname, '/', 'and nobody is led anywhere');
  const [key] = await records(page);
  const kept = await page.evaluate((key) => JSON.parse(localStorage.getItem(key)), key);
  assert.equal(kept.name, 'Amara Okafor');
  await page.goto(`/quiz/${kept.joined.attempt}`);
  await page.getByText('Question 1 of 10').waitFor();
});

test('a server that wishes to be left alone with a submission is, whatever happens on the device meanwhile', async () => {
  const context = await school.visitor(chrome);
  const page = await context.newPage();
  await join_quiz(page, 'Clara Jensen');
  await answer_all(page, 0);
  const tries = [];
  const later = { status: 429, headers: { 'retry-after': '3' }, json: { error: 'too_many', message: 'too many answers; try again in 3 seconds', retry_after_s: 3 } };
  let answer;
  await page.route('**/answers', async (route) => {
    tries.push(Date.now());
    if (tries.length > 1) return route.continue();
    answer = async () => { await route.fulfill(later); return Date.now(); };
  });
  await submit(page);
  await until(() => answer);
  const online = () => page.evaluate(() => { window.dispatchEvent(new Event('online')); });
  await online(); // While it is being sent: a reason for another round.
  const answered = await answer();
  await page.getByText('wait for the network').waitFor();
  await online();
  await page.getByRole('heading', { name: 'Handed in' }).waitFor();
  assert.equal(tries.length, 2);
  assert.ok(tries[1] - answered >= 2_900, `${tries[1] - answered} ms`);
});

test('a submission waits, and the page says so, while another one is being sent', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  for (const name of ['Dmitri Volkov', 'Esther Adeyemi']) {
    await join_quiz(page, name);
    await answer_all(page, 0);
    await page.route('**/answers', (route) => route.abort());
    await submit(page);
    await page.getByText('wait for the network').waitFor();
  }
  await page.unroute('**/answers');
  await page.route('**/answers', () => {});
  await page.goto('/join');
  // Before the request is given up.
  await page.getByText('Answers on this device wait for the network').nth(1).waitFor({ timeout: 9_000 });
});

test('a code goes to the server as it was typed', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  let body;
  await page.route('**/api/join', (route) => { body = route.request().postDataJSON(); return route.continue(); });
  await page.goto('/join');
  await page.getByLabel('Code from your teacher').fill(' ＫＬＭ-4 82 ');
  await page.getByLabel('Your name').fill('Ben Whitlock');
  await page.getByRole('button', { name: 'Start' }).click();
  await until(() => body);
  assert.equal(body.code, ' ＫＬＭ-4 82 ');
});

test('a quiz that is not finished says whose it is', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await join_quiz(page, 'Viktor Novak');
  await page.goto('/');
  await page.getByRole('link', { name: 'Continue: Photosynthesis check, Viktor Novak' }).waitFor();
  await page.goto('/join');
  await page.getByText('Photosynthesis check, Viktor Novak').waitFor();
});

test('the focus goes to the heading of the page that a link has led to, and back', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  const focused = (text) => page.waitForFunction((text) => document.activeElement.tagName === 'H1' && document.activeElement.textContent === text, text);
  await page.goto('/');
  await page.getByRole('link', { name: 'Join with a code' }).click();
  await focused('Join a quiz');
  await page.goBack();
  await focused('See your class’s answers as they come in');
  const staff = await (await school.staff(chrome, 'admin')).newPage();
  await staff.goto('/classes');
  await staff.getByRole('link', { name: /Photosynthesis check/ }).first().click();
  await staff.waitForFunction(() => document.activeElement.tagName === 'H1' && document.activeElement.textContent === 'Photosynthesis check');
});

test('what changes by itself is announced in a place that was there before', async () => {
  const page = await (await school.staff(chrome, 'teacher')).newPage();
  let fails = false;
  await page.route('**/api/delivery_health*', (route) => (fails ? route.abort() : route.continue()));
  await page.goto('/classes');
  await page.getByText('Year 8 · Science B').waitFor();
  await page.evaluate(() => { window.regions = [...document.querySelectorAll('[role=status]')]; });
  fails = true;
  const banner = page.getByRole('complementary', { name: 'Results' });
  await banner.getByText('has not reached the server').waitFor({ timeout: 20_000 });
  assert.equal(await page.evaluate(() => window.regions.some((region) => region.textContent.includes('has not reached the server'))), true);
});

test('text keeps its line breaks and its direction', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  const [first, second] = ['Read this:\n  let x = 1;\n  x + 1', 'أيّ غاز تأخذه النباتات (CO2 أم O2)؟'];
  await page.route('**/api/attempts/*', async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    if (json.questions) {
      json.questions[0].text = first;
      json.questions[0].choices[0].text = 'a\nb';
      json.questions[1].text = second;
    }
    return route.fulfill({ response: answer, json });
  });
  await join_quiz(page, 'Sara Haddad');
  const heading = page.getByRole('heading', { level: 1 });
  const lines = (element) => element.evaluate((e) => { const range = document.createRange(); range.selectNodeContents(e); return new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size; });
  assert.equal(await lines(heading), 3);
  assert.equal(await lines(page.locator('.opt').first().locator('span').last()), 2);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('Question 2 of 10').waitFor();
  assert.equal(await heading.evaluate((e) => getComputedStyle(e).direction), 'rtl');
});

test('an open page follows the close by itself, and marks each question right or wrong, or as not counted', async () => {
  const page = await (await school.visitor(chrome)).newPage();
  await join_quiz(page, 'Hannah Lindqvist');
  await answer_all(page, 0);
  await submit(page);
  await page.getByRole('heading', { name: 'Handed in' }).waitFor();
  await page.getByRole('button', { name: 'Check for answers' }).click();
  await page.getByRole('status').getByText('Not yet: your teacher has not closed the quiz.').waitFor();

  const teacher = await school.staff(chrome, 'teacher');
  const { questions } = await (await teacher.request.get(`/api/class_results?assignment=${OPEN}`)).json();
  const ruled = await teacher.request.post(`/api/assignments/${OPEN}/rulings`, { data: { question: questions[2].id, key: null }, headers: { origin: school.address } });
  assert.ok(ruled.ok(), await ruled.text());
  const closed = await teacher.request.post(`/api/assignments/${OPEN}/close`, { headers: { origin: school.address } });
  assert.ok(closed.ok(), await closed.text());

  await page.getByRole('heading', { name: /^\d of 9 right, 1 question not counted$/ }).waitFor({ timeout: 15_000 });
  const rows = page.locator('.released li');
  assert.equal(await rows.count(), 10);
  for (const [place, question] of questions.entries()) {
    const says = await rows.nth(place).innerText();
    const right = question.choices.findIndex((choice) => choice.is_key) === 0;
    const wanted = place === 2 ? '∅ Does not count' : right ? '✓ Right' : '✗ Wrong';
    assert.ok(says.startsWith(wanted), `${place + 1}: ${says}`);
    assert.equal(says.includes('You chose A.'), place !== 2 && !right);
  }
});
