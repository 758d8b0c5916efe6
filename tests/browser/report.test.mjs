// What leaves the results page: charts as pictures, and paper.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Lesson } from './lesson.mjs';
import { OPEN, OTHER, alter } from './school.mjs';

/** What lies between the margins of a sheet of A4, in CSS pixels. */
const SHEET = { width: 703, height: 1031 };

const lesson = new Lesson();

async function open(address, options) {
  const page = await lesson.open(address, options);
  await page.getByRole('button', { name: /^Question 1: / }).waitFor();
  return page;
}

/** Takes a picture away: its name, and its size in pixels. */
async function take_away(page, what) {
  await page.getByText('Export').click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: what }).click()]);
  const png = readFileSync(await file.path());
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  return { name: file.suggestedFilename(), width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

/** Has a page note what it writes on any canvas from now on, and how wide that is. */
const note_writing = (page) => page.evaluate(() => {
  window.written = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
    const canvas = [...document.querySelectorAll('canvas')].indexOf(this.canvas);
    window.written.push({ text, width: this.measureText(text).width, canvas });
    return fillText.call(this, text, ...where);
  };
});

test('the charts are taken away as pictures that say what they are, of which attempts, and as of when', async () => {
  const page = await open(`/results/${OPEN}?question=4`);
  const { quiz_title, class_name } = await (await page.request.get(`/api/class_results?assignment=${OPEN}`)).json();
  await page.getByText('300 of 300 answers counted', { exact: true }).waitFor();
  await note_writing(page);
  const chart = await take_away(page, 'Chart (PNG)');
  assert.deepEqual([chart.name, chart.width], ['photosynthesis-check.png', 1920], 'sharp enough to print');
  const written = (await page.evaluate(() => window.written)).map(({ text }) => text);
  assert.ok(written.includes(`${quiz_title} · ${class_name}: correct, per question`), written.join('\n'));
  const stamp = /^First attempts · as of .+ \d\d:\d\d:\d\d · 300 of 300 answers counted$/;
  assert.equal(written.filter((text) => stamp.test(text)).length, 1, written.join('\n'));
  const selected = await take_away(page, 'Selected question (PNG)');
  assert.deepEqual([selected.name, selected.width], ['photosynthesis-check-question-4.png', 1920]);
});

test('a long question makes its picture higher, and is not squeezed', async () => {
  const page = await open(`/results/${OPEN}?question=4`);
  const short = await take_away(page, 'Selected question (PNG)');
  await alter(page, ({ questions }) => { questions[3].text = Array(60).fill('chloroplasts').join(' '); });
  await page.reload();
  await page.getByText('chloroplasts chloroplasts').first().waitFor();
  await note_writing(page);
  const long = await take_away(page, 'Selected question (PNG)');
  const lines = (await page.evaluate(() => window.written)).filter(({ text }) => text.includes('chloroplasts'));
  assert.equal(lines.flatMap(({ text }) => text.match(/chloroplasts/g)).length, 60, 'every word, once');
  assert.ok(lines.length > 3 && lines.every(({ width }) => width <= 912), JSON.stringify(lines));
  assert.equal(long.width, short.width);
  // Two pixels for each of its own; the short one has no more than two lines.
  assert.ok(long.height >= short.height + 2 * 18 * (lines.length - 2), `${long.height} after ${short.height}`);
});

/** How many sheets a page prints on. */
const sheets = async (page) =>
  (await page.pdf({ format: 'A4', printBackground: true })).toString('latin1').match(/\/Type\s*\/Page\b/g).length;

test('the page prints on two sheets, with another class too', async () => {
  assert.equal(await sheets(await open(`/results/${OPEN}`)), 2);
  const compared = await open(`/results/${OPEN}?compare=${OTHER}`);
  const heading = compared.getByRole('heading', { name: /^Compared with/ });
  await heading.waitFor();
  assert.equal(await sheets(compared), 2);
  await compared.emulateMedia({ media: 'print' });
  await heading.waitFor({ state: 'hidden' });
});

test('on paper no border lies outside the sheet, and every score has its label and its figure', async () => {
  const page = await open(`/results/${OPEN}`);
  const { scores } = await (await page.request.get(`/api/class_results?assignment=${OPEN}`)).json();
  await page.setViewportSize(SHEET);
  await note_writing(page);
  await page.emulateMedia({ media: 'print' });
  const edges = await page.locator('.card:visible').evaluateAll((cards) => cards.map((card) => {
    const { left, right } = card.getBoundingClientRect();
    return { left, right, sheet: document.documentElement.clientWidth };
  }));
  for (const { left, right, sheet } of edges) assert.ok(left >= 0.5 && right <= sheet - 0.5, `${left} to ${right} of ${sheet}`);
  // Each score below its column, and how many got it above.
  const wanted = scores.flatMap((attempts, score) => [String(score), ...(attempts > 0 ? [String(attempts)] : [])]).sort();
  await page.waitForFunction((wanted) => {
    const texts = window.written.filter(({ canvas }) => canvas === 2).map(({ text }) => text);
    return JSON.stringify(texts.slice(-wanted.length).sort()) === JSON.stringify(wanted);
  }, wanted, { timeout: 5_000 });
});

test('a page that is dark on the screen is light on paper, the charts too', async () => {
  const page = await open(`/results/${OPEN}`, { colorScheme: 'dark' });
  const ground_is = (color) => page.waitForFunction((color) => {
    const canvas = document.querySelector('canvas');
    const pixel = canvas.getContext('2d').getImageData(canvas.width - 2, 1, 1, 1).data;
    return [...pixel].slice(0, 3).join() === color;
  }, color);
  await ground_is('27,30,36');
  await page.emulateMedia({ media: 'print' });
  await ground_is('255,255,255');
  assert.equal(await page.locator('.card').first().evaluate((card) => getComputedStyle(card).backgroundColor), 'rgb(255, 255, 255)');
});

test('sixty questions are printed in words that can be read, and only a table goes on over the page', async () => {
  const page = await open(`/results/${OPEN}`);
  await alter(page, (body) => {
    const number = (place) => ({ id: 1000 + place, number: place + 1 });
    body.questions = Array.from({ length: 60 }, (_, place) => ({ ...body.questions[place % 10], ...number(place) }));
  });
  await page.reload();
  await page.getByRole('button', { name: /^Question 60: / }).waitFor();
  const count = await sheets(page);
  assert.ok(count <= 4, `${count} sheets`);

  await page.setViewportSize(SHEET);
  await page.emulateMedia({ media: 'print' });
  await page.locator('canvas').first().waitFor({ state: 'hidden' });
  const bars = await page.getByRole('button', { name: /^Question \d+: / }).evaluateAll((bars) => bars.map((bar) => {
    const { content, fontSize } = getComputedStyle(bar, '::before');
    return { content, size: parseFloat(fontSize), height: bar.offsetHeight };
  }));
  assert.equal(bars.length, 60);
  for (const { content, size, height } of bars) {
    assert.ok(content !== 'none' && size >= 10 && height >= 10, `${content}, ${size} px, ${height} px high`);
  }
  const cards = await page.locator('.card:visible').evaluateAll((cards) => cards.map((card) => ({
    title: card.querySelector('h2')?.textContent, height: card.offsetHeight, breaks: getComputedStyle(card).breakInside,
  })));
  for (const { title, height, breaks } of cards) {
    assert.equal(breaks, title === 'Item analysis' ? 'auto' : 'avoid', title);
    assert.ok(breaks === 'auto' || height <= SHEET.height, `${title} is ${height} px high`);
  }
  const head = page.getByRole('region', { name: 'Item analysis' }).locator('thead');
  assert.equal(await head.evaluate((head) => getComputedStyle(head).display), 'table-header-group');
});
