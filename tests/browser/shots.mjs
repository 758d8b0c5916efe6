// Takes a screenshot of every page, light and dark, wide and narrow. Those of the results page go into docs/shots/ for
// the README; the others into test-results/shots/, to be looked at.
import { mkdirSync } from 'node:fs';
import { CLOSED, OPEN, School, answer_all, browser, join_quiz, play, submit } from './school.mjs';

const STUDENTS = 27;

// name, who is signed in, address, how the page is brought into the state to be shown.
const pages = [
  ['results', 'teacher', `/results/${OPEN}?question=4`, async (page) => {
    await page.getByText(`${STUDENTS} of 31 submitted`).waitFor();
    await page.getByText(`${STUDENTS}0 of ${STUDENTS}0`).waitFor();
  }],
  ['results-closed', 'teacher', `/results/${CLOSED}`, (page) => page.getByText(/^Closed, and/).waitFor()],
  ['results-empty', 'teacher', '/results/999', (page) => page.getByRole('alert').filter({ hasText: /./ }).waitFor()],
  ['classes', 'teacher', '/classes', (page) => page.getByText('Photosynthesis check').waitFor()],
  ['pipeline', 'admin', '/pipeline', (page) => page.getByRole('heading', { level: 1 }).waitFor()],
  ['sign-in', null, '/signin', (page) => page.getByRole('button', { name: 'Sign in' }).waitFor()],
  ['home', null, '/', (page) => page.getByRole('link').first().waitFor()],
  ['join', null, '/join', (page) => page.getByRole('button', { name: 'Start' }).waitFor()],
  ['not-found', null, '/nowhere', (page) => page.getByRole('heading').first().waitFor()],
  ['quiz', null, '/join', async (page, name) => {
    await join_quiz(page, name);
    await page.getByRole('radio').nth(1).check();
  }],
  ['review', null, '/join', async (page, name) => {
    await join_quiz(page, name);
    await answer_all(page, 1);
  }],
  ['closing', 'teacher', `/results/${OPEN}`, async (page) => {
    await page.getByRole('button', { name: 'Close quiz' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['waiting', null, '/join', async (page, name) => {
    await join_quiz(page, name);
    await answer_all(page, 1);
    await page.route('**/answers', (route) => route.abort());
    await submit(page);
    await page.getByText('wait for the network').waitFor();
  }],
];

const students = ['Bilal Chaudhry', 'Clara Jensen', 'Dmitri Volkov', 'Esther Adeyemi'];

const chrome = await browser();
const school = await School.open();
try {
  const looks = ['light', 'dark'].flatMap((scheme) => [1280, 390].map((width) => ({ scheme, width })));
  // The class plays while the results are looked at, as in a lesson.
  const [[, who, results]] = pages;
  const open = await Promise.all(looks.map((look) => open_page(who, results, look)));
  await Promise.all(open.map((page) => page.getByText('join code').waitFor()));
  await play(school, STUDENTS);
  for (const [name, who, address, ready] of pages) {
    for (const [place, look] of looks.entries()) {
      const page = address === results ? open[place] : await open_page(who, address, look);
      await ready(page, students[place]);
      await shoot(page, name, look);
    }
  }
} finally {
  await chrome.close();
  await school.close();
}

async function open_page(who, address, { scheme, width }) {
  const options = { colorScheme: scheme, viewport: { width, height: width < 600 ? 844 : 800 }, deviceScaleFactor: 2, reducedMotion: 'reduce' };
  const context = who ? await school.staff(chrome, who, options) : await school.visitor(chrome, options);
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

async function shoot(page, name, { scheme, width }) {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const folder = name === 'results' ? 'docs/shots' : 'test-results/shots';
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}-${scheme}-${width}.png`, fullPage: true });
  await page.context().close();
}
