// Takes a screenshot of every page, light and dark, wide and narrow. Those of the results page go into docs/shots/ for
// the README; the others into test-results/shots/, to be looked at.
import { mkdirSync } from 'node:fs';
import { CLOSED, OPEN, School, answer_all, browser, cut_off, join_quiz, play, submit } from './school.mjs';

const STUDENTS = 27;

// name, who is signed in, address, how the page is brought into the state to be shown.
const pages = [
  ['results', 'teacher', `/results/${OPEN}?question=4`, async (page) => {
    await page.getByText(`${STUDENTS} of 31 submitted`, { exact: true }).waitFor();
    await page.getByText(`${STUDENTS}0 of ${STUDENTS}0 answers counted`, { exact: true }).waitFor();
    // The students' table is asked for when somebody gets there.
    await page.getByRole('region', { name: 'Every student, every question' }).scrollIntoViewIfNeeded();
    await page.getByRole('link', { name: 'Student 1', exact: true }).waitFor();
    await page.evaluate(() => scrollTo(0, 0));
  }],
  ['results-closed', 'teacher', `/results/${CLOSED}`, (page) => page.getByText(/^Closed: /).waitFor()],
  ['results-students', 'teacher', `/results/${CLOSED}?question=2&attempts=best&sort=worst`, async (page) => {
    await page.getByText('Who answered what').click();
    await page.getByRole('button', { name: 'Show names' }).first().click();
    await page.getByRole('region', { name: 'Every student, every question' }).scrollIntoViewIfNeeded();
    await page.getByRole('row').filter({ hasText: 'Amara Okafor' }).waitFor();
  }],
  ['results-compared', 'teacher', `/results/${OPEN}?question=4&compare=3`, (page) => page.getByRole('heading', { name: /^Compared with/ }).waitFor()],
  ['results-menu', 'teacher', `/results/${OPEN}`, (page) => page.getByText('Export').click()],
  ['results-ruling', 'teacher', `/results/${OPEN}?question=3`, async (page) => {
    await page.getByRole('button', { name: 'Fix this question…' }).click();
    await page.getByRole('radio', { name: /^Leave this question out/ }).check();
    await page.getByRole('status').filter({ hasText: '→' }).waitFor();
  }],
  ['results-past', 'teacher', `/results/${OPEN}?as_of=1`, (page) => page.getByText(/^Showing /).waitFor()],
  ...['Catching up', 'Delayed'].map((state) => [
    `results-${state.toLowerCase().replace(' ', '-')}`, 'teacher', `/results/${CLOSED}`, (page) => bring_into(page, state),
  ]),
  ['results-disconnected', 'teacher', `/results/${CLOSED}`, (page) => cut_off(page)],
  ['results-unknown', 'teacher', `/results/${CLOSED}`, async (page) => {
    await page.route('**/api/class_results*', () => {});
    await page.reload();
    await page.getByText('Not measured yet').waitFor();
  }],
  ['student', 'teacher', `/results/${CLOSED}`, async (page) => {
    await page.getByRole('region', { name: 'Every student, every question' }).scrollIntoViewIfNeeded();
    await page.getByRole('link', { name: 'Student 3', exact: true }).click();
    await page.getByRole('heading', { name: 'Attempt 1' }).waitFor();
  }],
  ['projector', 'teacher', `/results/${OPEN}/projector?question=4`, (page) => page.getByRole('img', { name: /^Chosen most/ }).waitFor()],
  ['projector-key', 'teacher', `/results/${OPEN}/projector?question=4`, async (page) => {
    await page.getByRole('img', { name: /^Chosen most/ }).waitFor();
    await page.keyboard.press('k');
    await page.getByRole('img', { name: /The key is/ }).waitFor();
  }],
  ['results-large', 'teacher', `/results/${CLOSED}?sort=worst`, (page) => enlarge(page)],
  ['results-empty', 'teacher', '/results/999', (page) => page.getByRole('alert').filter({ hasText: /./ }).waitFor()],
  ['classes', 'teacher', '/classes', (page) => page.getByText('all counted').nth(2).waitFor()],
  ['pipeline', 'admin', '/pipeline', (page) => page.getByRole('heading', { name: 'Latest loads' }).waitFor()],
  ['pipeline-failing', 'admin', '/pipeline', (page) => have_the_lake_fail(page)],
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
  await Promise.all([play(school, STUDENTS), play(school, 25, 'PHO-117')]);
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

/** Waits until the page says so of an answer that is made older on its way here. */
async function bring_into(page, state) {
  await page.route('**/api/live*', (route) => route.abort());
  await page.route('**/api/class_results*', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    const since = body.freshness.measured_at - (state === 'Catching up' ? 4_000 : 60_000);
    Object.assign(body.freshness, { landed: 156, submissions_waiting: 2, oldest_waiting: since, complete_through: since });
    await route.fulfill({ response: answer, json: body });
  });
  // A page of its own connection: the worker's would go on.
  await page.addInitScript(() => { delete window.SharedWorker; });
  await page.reload();
  await page.getByRole('status').filter({ hasText: state }).first().waitFor();
}

/** Has the pipeline look as it does when its lake cannot be written. */
async function have_the_lake_fail(page) {
  const problem = 'the lake did not take quiz-answers/2026/11/27/10/quiz-answers-1.gz: Permission denied (os error 13)';
  const late = (freshness) => Object.assign(freshness, { waiting: 1_204, oldest_waiting: freshness.measured_at - 38_000, problem });
  await page.route('**/api/pipeline*', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    late(body.streams[0].freshness);
    body.streams[0].stages.find(({ stage }) => stage === 'lake').problem = problem;
    await route.fulfill({ response: answer, json: body });
  });
  await page.route('**/api/delivery_health*', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    late(body.streams[0].freshness);
    await route.fulfill({ response: answer, json: body });
  });
  await page.reload();
  await page.getByText('Lake fails.').waitFor();
}

/** Sixty questions with long texts, five hundred students, names from right to left. */
async function enlarge(page) {
  const names = ['عبد الرحمن بن محمد الفارسي', 'נועה בן־דוד', 'María José Carreño Quiñones', 'Ng'];
  await page.route('**/api/class_results*', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    const long = 'Which of the following best describes, in the words of the chapter, what happens to a river between its source and its mouth when rain has fallen for several days';
    body.counted = 500;
    body.scores = Array.from({ length: 61 }, (_, score) => Math.round(40 * Math.exp(-((score - 38) ** 2) / 120)));
    body.questions = Array.from({ length: 60 }, (_, place) => ({
      ...body.questions[place % 6], id: 1000 + place, number: place + 1, n: 500, correct: (place * 37) % 500,
      text: place % 3 ? `${long}?` : 'Why?',
    }));
    await route.fulfill({ response: answer, json: body });
  });
  await page.route('**/api/class_grid*', async (route) => {
    const questions = Array.from({ length: 60 }, (_, place) => ({ id: 1000 + place, number: place + 1, key: 1, choices: [1, 2, 3, 4], is_void: place === 7 }));
    const rows = Array.from({ length: 500 }, (_, place) => ({
      student: `s${place}`, number: place + 1, progress: 'submitted', attempt: 1, score: (place * 7) % 61, elapsed_ms: 60_000,
      choices: questions.map((_, q) => (place * 3 + q * 5) % 5),
    }));
    await route.fulfill({ json: { questions, rows, total: 500 } });
  });
  await page.route('**/api/student_names*', (route) => route.fulfill({ json: Array.from({ length: 500 }, (_, place) => ({ student: `s${place}`, name: names[place % 4] })) }));
  await page.reload();
  await page.getByRole('region', { name: 'Every student, every question' }).scrollIntoViewIfNeeded();
  await page.getByRole('button', { name: 'Show names' }).first().click();
  await page.getByRole('row').filter({ hasText: names[0] }).first().waitFor();
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
