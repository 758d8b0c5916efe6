// The results page: every figure and control, found as a screen reader finds it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lesson } from './lesson.mjs';
import { OPEN, OTHER, OTHER_CODE, alter, answer_all, join_quiz, play, submit, ticks } from './school.mjs';

const lesson = new Lesson();
const open = (address, options, who) => lesson.open(address, options, who);

/** What the server says, as the page's own session asks it. */
const ask = async (page, path) => (await page.request.get(path)).json();
const results = (page, more = '') => ask(page, `/api/class_results?assignment=${OPEN}${more}`);
/** What a figure looks like that could not be worked out. */
const NO_FIGURE = /NaN|Infinity|undefined|null/;
const percent = (share) => `${Math.round(share * 100)}\u{a0}%`;

test('each question has its share, its n and its range, and the selected one its choices, key, time and omissions', async () => {
  const page = await open(`/results/${OPEN}?question=4`);
  const shown = await results(page);
  for (const q of shown.questions) {
    await page.getByRole('button', { name: `Question ${q.number}: ${percent(q.correct / q.n)} correct, n = 30` }).waitFor();
  }
  const fourth = shown.questions[3];
  await page.getByRole('heading', { name: 'Question 4' }).waitFor();
  const place = fourth.choices.findIndex((choice) => choice.is_key);
  const key = `${fourth.choices[place].answers} (${percent(fourth.choices[place].answers / 30)}) chose ${'ABCD'[place]}, the key`;
  await page.getByRole('img', { name: key }).waitFor();
  await page.getByRole('button', { name: 'Table' }).first().click();
  const row = page.getByRole('row', { name: /^4\. / });
  assert.match(await row.textContent(), /\d+\s%–\d+\s%/, 'the range');
});

test('who answered what is told by number, and by name only when asked', async () => {
  const page = await open(`/results/${OPEN}?question=4`);
  const asked = [];
  page.on('request', (request) => { if (request.url().includes('student_names')) asked.push(request.url()); });
  await page.getByText('Who answered what').click();
  const who = page.getByRole('group').filter({ hasText: 'Who answered what' });
  await who.getByText('Student 1', { exact: true }).waitFor();
  assert.equal(await page.getByText('Amara Okafor').count(), 0);
  assert.deepEqual(asked, [], 'no name has been sent');
  await who.getByRole('button', { name: 'Show names' }).click();
  await who.getByText('Amara Okafor').waitFor();
  await who.getByRole('button', { name: 'Hide names' }).click();
  await who.getByText('Student 1', { exact: true }).waitFor();
  assert.equal(await page.getByText('Amara Okafor').count(), 0);
});

test('the grid shows every student and question, sorts, and leads to a student’s own page', async () => {
  const page = await open(`/results/${OPEN}`);
  const grid = page.getByRole('region', { name: 'Every student, every question' });
  await grid.scrollIntoViewIfNeeded();
  await grid.getByRole('row', { name: /Student 1 / }).first().waitFor();
  const scores = async () => (await grid.getByRole('row').evaluateAll((rows) => rows.slice(1).map((row) => row.children[1].textContent)))
    .filter((score) => /^\d+$/.test(score)).map(Number);
  assert.equal((await scores()).length, 30);
  await grid.getByRole('button', { name: 'Score' }).click();
  await grid.getByRole('columnheader', { name: 'Score' }).and(page.locator('[aria-sort="descending"]')).waitFor();
  let found = await scores();
  assert.deepEqual(found, [...found].sort((a, b) => b - a));
  await grid.getByRole('button', { name: 'Score' }).click();
  await grid.getByRole('columnheader', { name: 'Score' }).and(page.locator('[aria-sort="ascending"]')).waitFor();
  found = await scores();
  assert.deepEqual(found, [...found].sort((a, b) => a - b));
  await page.waitForURL(/sort=worst/);

  await grid.getByRole('link', { name: 'Student 1', exact: true }).click();
  await page.getByRole('heading', { name: 'Student 1' }).waitFor();
  await page.getByRole('heading', { name: /^Attempt 1: \d+ of 10 right$/ }).waitFor();
  assert.equal(await page.getByRole('region', { name: 'Attempt 1' }).getByRole('row').count(), 11);
  await page.getByRole('button', { name: 'Show name' }).click();
  await page.getByRole('heading', { name: 'Amara Okafor' }).waitFor();
});

test('plain words, scores and item analysis are those of the server', async () => {
  const page = await open(`/results/${OPEN}`);
  const shown = await results(page);
  const low = shown.questions.filter((q) => q.correct / q.n < 0.5).map((q) => q.number);
  assert.ok(low.length > 0, 'the demo has something to reteach');
  const words = page.locator('section').filter({ has: page.getByRole('heading', { name: 'In plain words' }) });
  for (const number of low.slice(0, 4)) await words.getByRole('button', { name: `Question ${number}`, exact: true }).first().waitFor();
  await page.getByRole('img', { name: `The mean score is ${shown.test.mean.toFixed(1)}` }).waitFor();
  const items = page.getByRole('region', { name: 'Item analysis' });
  const first = await items.getByRole('row', { name: /^Q1 / }).textContent();
  assert.ok(first.includes(shown.questions[0].figures.sd.toFixed(2)), first);
  await page.getByText('α (reliability)').waitFor();
});

test('below twenty what rests on correlations is withheld, and says why', async () => {
  const page = await open(`/results/${OPEN}`);
  await alter(page, (body) => {
    body.counted = 12;
    for (const q of body.questions) Object.assign(q, { n: 12, figures: { ...q.figures, discrimination: null, efficiency: null, weight: null } });
    Object.assign(body.test, { alpha: null, sem: null, skewness: null, kurtosis: null, error_ratio: null });
  });
  await page.reload();
  await page.getByRole('region', { name: 'Item analysis' }).getByText('needs n ≥ 20').first().waitFor();
  await page.getByText('Shown once 20 students have submitted').waitFor();
});

test('which attempt counts is stated, switchable, and in the address', async () => {
  const page = await open(`/results/${OPEN}`);
  const rule = page.getByRole('combobox', { name: 'Which attempts count' });
  await rule.selectOption({ label: 'Best attempts' });
  await page.waitForURL(/attempts=best/);
  await page.getByText('Best attempts · thin line').waitFor();
  await page.reload();
  await page.getByText('Best attempts · thin line').waitFor();
  assert.equal(await rule.inputValue(), 'best');
});

test('the past is replayed, and is in the address', async () => {
  const page = await open(`/results/${OPEN}`);
  await page.getByText('30 of 31 submitted', { exact: true }).waitFor();
  const { opened_at } = await results(page);
  // Before anybody had handed in.
  await page.goto(`/results/${OPEN}?as_of=${opened_at + 1}`);
  await page.getByText(/^Showing (\d{4}-\d\d-\d\d )?\d\d:\d\d, not now$/).waitFor();
  await page.getByText('Nobody had submitted by then').waitFor();
  await page.getByText('0 of 31 submitted', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Now', exact: true }).click();
  await page.getByText('30 of 31 submitted', { exact: true }).waitFor();
  await page.waitForURL((url) => url.search === '');
});

test('the slider stops at the minutes of the lesson', async () => {
  const page = await open(`/results/${OPEN}`);
  const { opened_at } = await results(page);
  const minute = Math.floor(opened_at / 60_000) * 60_000 - 600_000;
  await page.route('**/api/arrivals*', (route) => route.fulfill({ json: [{ minute, answers: 10 }, { minute: minute + 180_000, answers: 5 }] }));
  await page.getByRole('button', { name: 'Earlier' }).click();
  const slider = page.getByRole('slider', { name: 'As of' });
  await slider.waitFor();
  assert.equal(await slider.getAttribute('max'), '3', 'every minute from the first to the last');
  await slider.press('ArrowLeft');
  await page.waitForURL(new RegExp(`as_of=${minute + 179_999}`));
  await slider.press('Home');
  await page.waitForURL(new RegExp(`as_of=${minute + 59_999}`));
  assert.match(await slider.getAttribute('aria-valuetext'), /^\d\d:\d\d$/);
});

test('a question is voided with its effect shown before, logged, and undone', async () => {
  const page = await open(`/results/${OPEN}?question=4`);
  const before = await results(page);
  const average = (r) => {
    const counted = r.questions.filter((q) => !q.is_void);
    return percent(counted.reduce((n, q) => n + q.correct, 0) / counted.reduce((n, q) => n + q.n, 0));
  };
  await page.getByRole('button', { name: 'Fix this question…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Fix question 4' });
  await dialog.getByRole('radio', { name: /^Leave this question out/ }).check();
  const effect = await dialog.getByRole('status').filter({ hasText: '→' }).textContent();
  assert.match(effect, new RegExp(`^Class average over first attempts ${average(before)} → (\\d+\\s%)\\. This question \\d+\\s% → void\\.$`));
  await dialog.getByRole('button', { name: 'Apply' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Question 4: .* void$/ }).waitFor();
  const voided = await results(page);
  assert.ok(effect.includes(`→ ${average(voided)}.`), 'what was shown before is what has come');
  await page.getByText(/^Question 4 is void\. Sam Carter, /).waitFor();
  await page.getByRole('button', { name: 'Undo: Question 4 is void' }).click();
  await page.getByText(/Undone by Sam Carter/).waitFor();
  await page.locator('h2:focus', { hasText: 'Rulings' }).waitFor();
  await page.getByRole('button', { name: /^Question 4: .* n = 30$/ }).waitFor();
  assert.equal(average(await results(page)), average(before));
});

test('another key is another grade at once, on another page too, and in the log', async () => {
  const [page, other] = [await open(`/results/${OPEN}?question=2`), await open(`/results/${OPEN}?question=2`)];
  const second = (await results(page)).questions[1];
  const place = second.choices.findIndex((choice) => !choice.is_key && choice.answers > 0);
  await page.getByRole('button', { name: 'Fix this question…' }).click();
  await page.getByRole('radio', { name: new RegExp(`^${'ABCD'[place]} is the key`) }).check();
  await page.getByRole('button', { name: 'Apply' }).click();
  const share = percent(second.choices[place].answers / second.n);
  for (const one of [page, other]) await one.getByRole('button', { name: `Question 2: ${share} correct, n = 30` }).waitFor();
  await page.getByRole('button', { name: new RegExp(`^Undo: Question 2: the key is ${'ABCD'[place]}`) }).click();
  await other.getByRole('button', { name: `Question 2: ${percent(second.correct / second.n)} correct, n = 30` }).waitFor();
});

test('two choices can be right, and the dialog says what that changes before it is done', async () => {
  const page = await open(`/results/${OPEN}?question=2`);
  const second = (await results(page)).questions[1];
  const key = second.choices.findIndex((choice) => choice.is_key);
  const place = second.choices.findIndex((choice) => !choice.is_key && choice.answers > 0);
  await page.getByRole('button', { name: 'Fix this question…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Fix question 2' });
  const [done, also] = [dialog.getByRole('button', { name: 'Apply' }), dialog.getByRole('group', { name: 'Also right' })];
  assert.equal(await also.count(), 0, 'only beside a key');
  await dialog.getByRole('radio', { name: new RegExp(`^${'ABCD'[key]} is the key.*as it is`) }).check();
  assert.equal(await also.getByRole('checkbox').count(), second.choices.length - 1);
  assert.equal(await done.isDisabled(), true, 'nothing would change');
  await also.getByRole('checkbox', { name: new RegExp(`^${'ABCD'[place]}: `) }).check();
  await dialog.getByText(/This question .* → /).waitFor();
  await also.getByRole('checkbox', { name: new RegExp(`^${'ABCD'[place]}: `) }).uncheck();
  await dialog.getByRole('button', { name: 'Apply', disabled: true }).waitFor();
  await also.getByRole('checkbox', { name: new RegExp(`^${'ABCD'[place]}: `) }).check();
  await done.click();
  const both = percent((second.correct + second.choices[place].answers) / second.n);
  await page.getByRole('button', { name: `Question 2: ${both} correct, n = 30` }).waitFor();
  await page.getByRole('img', { name: /, all of them right/ }).waitFor();
  await page.getByRole('button', { name: /^Undo: Question 2: [A-D] and [A-D] are right, before [A-D]$/ }).click();
  await page.getByRole('button', { name: `Question 2: ${percent(second.correct / second.n)} correct, n = 30` }).waitFor();
});

test('the projector shows a question at a time, no name, and the key only when asked', async () => {
  const page = await open(`/results/${OPEN}?question=3`);
  await page.getByRole('link', { name: 'Projector' }).click();
  const shown = await results(page);
  await page.getByRole('heading', { name: shown.questions[2].text }).waitFor();
  const chart = page.getByRole('img', { name: /^Chosen most: / });
  assert.match(await chart.getAttribute('aria-label'), /^Chosen most: [A-D]( and [A-D])*, \d+( each)? \(\d+\s%\)\.$/);
  await page.keyboard.press('k');
  await page.getByRole('img', { name: /The key is [A-D]/ }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('heading', { name: shown.questions[3].text }).waitFor();
  assert.doesNotMatch(await chart.getAttribute('aria-label'), /key/, 'the next question hides its key');
  assert.equal(await page.getByText('Amara').count(), 0);
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Correct, per question' }).waitFor();
});

test('a class that has handed in nothing, and one with a single student, look right', async () => {
  const page = await open(`/results/${OTHER}`);
  const bars = (says) => page.getByRole('button', { name: new RegExp(`^Question \\d+: ${says}$`) });
  await page.getByText(/^0 of \d+ submitted$/).waitFor();
  await bars('– correct, n = 0').nth(9).waitFor();
  assert.equal(await bars('– correct, n = 0').count(), 10);
  assert.equal(await page.getByRole('img', { name: /^No answers yet\.$/ }).count(), 3, 'every chart says so');
  await page.getByText('No answers yet; this page fills by itself').waitFor();
  await page.getByText(OTHER_CODE).first().waitFor();
  await page.getByText('No answers yet.', { exact: true }).last().waitFor();
  const figures = page.locator('.k4');
  const top = (await figures.boundingBox()).y;
  assert.doesNotMatch(await page.locator('main').innerText(), NO_FIGURE);

  await play(lesson.school, 1, OTHER_CODE);
  await page.getByText(/^1 of \d+ submitted$/).waitFor();
  await page.getByText('10 of 10 answers counted', { exact: true }).waitFor();
  const { questions, scores } = await ask(page, `/api/class_results?assignment=${OTHER}`);
  for (const q of questions) {
    assert.equal(q.n, 1);
    await page.getByRole('button', { name: `Question ${q.number}: ${percent(q.correct)} correct, n = 1` }).waitFor();
  }
  const score = scores.findIndex((attempts) => attempts === 1);
  assert.equal(score, questions.filter((q) => q.correct === 1).length);
  await page.getByRole('img', { name: `${score} right: 1 attempt`, exact: true }).waitFor();
  await page.getByText(`The mean score is ${score}.0, the median ${score}. The commonest score is ${score}.`).waitFor();
  await page.getByRole('region', { name: 'Item analysis' }).getByText('needs n ≥ 20').first().waitFor();
  assert.equal((await figures.boundingBox()).y, top, 'the page has not moved under its reader');
  await page.getByText('Shown once 5 students have submitted; it is 1 now.').waitFor();
  await page.getByRole('button', { name: 'Put the code away' }).click();
  assert.equal(await page.getByText('Students join at').count(), 0);
  assert.doesNotMatch(await page.locator('main').innerText(), NO_FIGURE);
});

test('a measurement that stands still grows old, however often the figures are asked for', async () => {
  const page = await open('/classes');
  await page.addInitScript(() => {
    delete window.SharedWorker;
    // As from a server that can measure nothing.
    window.EventSource = class extends EventSource {
      addEventListener(name, listener, ...more) {
        const heard = (event) => {
          if (name !== 'tick') return (listener.handleEvent ?? listener).call(listener, event);
          window.ticks = (window.ticks ?? 0) + 1;
          const data = JSON.stringify({ ...JSON.parse(event.data), freshness: null });
          return (listener.handleEvent ?? listener).call(listener, new MessageEvent(name, { data }));
        };
        super.addEventListener(name, heard, ...more);
      }
    };
    window.said = new Set();
    addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
      for (const word of ['Live', 'Delayed']) {
        if ([...document.querySelectorAll('[role=status]')].some((status) => status.textContent.includes(word))) window.said.add(word);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true }));
  });
  await alter(page, (r) => { r.freshness.measured_at -= 60_000; r.freshness.complete_through -= 60_000; });
  await page.goto(`/results/${OPEN}`);
  await page.getByText('It has not been possible to check since').waitFor();
  const two_ticks = async () => {
    const heard = await page.evaluate(() => window.ticks ?? 0);
    await page.waitForFunction((heard) => window.ticks >= heard + 2, heard);
  };
  await two_ticks();
  for (const label of ['Best attempts', 'First attempts']) {
    const answer = page.waitForResponse('**/api/class_results*');
    await page.getByRole('combobox', { name: 'Which attempts count' }).selectOption({ label });
    await (await answer).finished();
    await two_ticks();
  }
  assert.deepEqual(await page.evaluate(() => [...window.said]), ['Delayed']);
});

test('another class with the same quiz stands beside this one', async () => {
  await play(lesson.school, 12, OTHER_CODE);
  const page = await open(`/results/${OPEN}`);
  await page.getByText('Compare', { exact: true }).click();
  await page.getByRole('button', { name: /^Year 7 · Science A, / }).click();
  await page.waitForURL(/compare=3/);
  await page.getByRole('heading', { name: /^Compared with Year 7 · Science A, / }).waitFor();
  const there = (await ask(page, `/api/class_results?assignment=${OTHER}`)).questions[3];
  assert.ok(there.n >= 12);
  const row = page.getByRole('region', { name: 'Comparison' }).getByRole('row', { name: /^4\. / });
  const cells = await row.getByRole('cell').allTextContents();
  assert.deepEqual(cells.slice(2, 4), [percent(there.correct / there.n), `${there.n}`]);
  await page.getByText('◆ the other class').waitFor();
  await page.getByText('Compare', { exact: true }).click();
  await page.getByRole('button', { name: 'Stop comparing' }).click();
  await page.getByRole('heading', { name: /^Compared with/ }).waitFor({ state: 'detached' });
});

test('arrow keys go through the choices and the scores, and each says what it is', async () => {
  const page = await open(`/results/${OPEN}?question=4`);
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  const first = page.getByRole('img', { name: /^A(, the key)?: \d+, \d+\s%\. / });
  await first.focus();
  await page.keyboard.press('ArrowDown');
  assert.match(await focused(), /^B(, the key)?: \d+, \d+\s%\. /);
  await page.getByRole('img', { name: /^0 right: / }).focus();
  await page.keyboard.press('ArrowRight');
  assert.match(await focused(), /^1 right: \d+ attempts?$/);
  const [bar, chart] = [await first.boundingBox(), await page.locator('canvas').nth(1).boundingBox()];
  assert.ok(bar.height > 20 && Math.abs(bar.width - chart.width) < 2, `it lies over its bar: ${bar.width} of ${chart.width}`);
});

test('the reader’s own colours are kept, on the page and in the charts, and what is chosen has a frame', async () => {
  const page = await open(`/results/${OPEN}`, { forcedColors: 'active' });
  const canvas = page.getByRole('img', { name: /Easiest was/ });
  await canvas.waitFor();
  await page.waitForFunction(() => document.querySelector('canvas').width > 300);
  const { ground, frame, Canvas, Highlight } = await canvas.evaluate((canvas) => {
    const probe = document.body.appendChild(document.createElement('i'));
    const system = (color) => { probe.style.color = color; return getComputedStyle(probe).color; };
    const pixel = (x, y) => `rgb(${[...canvas.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3).join(', ')})`;
    return { ground: pixel(canvas.width - 2, 1), frame: pixel(0, 22), Canvas: system('Canvas'), Highlight: system('Highlight') };
  });
  assert.equal(ground, Canvas, 'the ground of the chart');
  assert.equal(frame, Highlight.replace(/^rgba(.*), [\d.]+\)$/, 'rgb$1)'), 'the edge of the first question, which is selected');
  assert.notEqual(Highlight, Canvas);
  const frames = await page.locator('[aria-pressed]:visible, nav [aria-current]').evaluateAll((elements) => elements.map((element) => {
    const { outlineStyle, outlineColor } = getComputedStyle(element);
    return { name: element.ariaLabel ?? element.textContent, chosen: element.ariaPressed !== 'false', outlineStyle, outlineColor };
  }));
  const chosen = frames.filter((one) => one.chosen).length;
  assert.ok(chosen >= 6 && chosen < frames.length, JSON.stringify(frames));
  for (const one of frames) {
    if (one.chosen) assert.deepEqual([one.outlineStyle, one.outlineColor], ['solid', Highlight], one.name);
    else assert.equal(one.outlineStyle, 'none', one.name);
  }
});

test('the address holds the view for a colleague', async () => {
  const page = await open(`/results/${OPEN}`);
  await page.getByRole('button', { name: /^Question 7: / }).click();
  await page.getByRole('button', { name: 'Hardest first' }).click();
  await page.waitForURL(/question=7.*order=hardest/);
  const colleague = await open(page.url().replace(lesson.school.address, ''), {}, 'admin');
  await colleague.getByRole('heading', { name: 'Question 7' }).waitFor();
  assert.equal(await colleague.getByRole('button', { name: 'Hardest first' }).getAttribute('aria-pressed'), 'true');
});

test('the past holds still while answers land', async () => {
  const context = await lesson.browser_of('teacher');
  const [live, past] = [await context.newPage(), await context.newPage()];
  await live.goto(`/results/${OPEN}`);
  await live.getByText('30 of 31 submitted', { exact: true }).waitFor();
  const { opened_at, freshness } = await results(live);
  await past.goto(`/results/${OPEN}?as_of=${opened_at + 1}`);
  const still = async () => {
    await past.getByText('0 of 31 submitted', { exact: true }).waitFor();
    await past.getByText(/^Showing (\d{4}-\d\d-\d\d )?\d\d:\d\d, not now$/).waitFor();
    await past.getByText('Nobody had submitted by then').waitFor();
    assert.equal(await past.getByRole('button', { name: /^Question \d+: – correct, n = 0$/ }).count(), 10);
  };
  await past.getByRole('button', { name: /^Question 10: / }).waitFor();
  await still();

  const visitor = await lesson.visitor();
  const student = await visitor.newPage();
  await join_quiz(student, 'Esther Adeyemi');
  await answer_all(student, 0);
  await submit(student);
  await student.getByRole('heading', { name: 'Handed in' }).waitFor();
  const landed = freshness.landed + 10;
  await live.getByText(`${landed} of ${landed} answers counted`, { exact: true }).waitFor();
  await live.getByText('31 of 31 submitted', { exact: true }).waitFor();
  // Long enough for the past to have heard of it, too.
  await ticks(lesson.school, lesson.chrome, 2);
  await still();
});
