// Many tabs in one browser: they share a connection, none is left behind, and one that nobody sees does no work.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { CLOSED, OPEN, School, answer_all, browser, join_quiz, set_visibility, submit, ticks, until } from './school.mjs';

let chrome, school, context;
before(async () => { chrome = await browser(); school = await School.open(); });
after(async () => { await chrome?.close(); await school?.close(); });
// Nothing is left of one test when the next begins.
afterEach(async () => { await context.close(); await until(async () => await followed() === '0,0'); });

async function open(assignment = OPEN) {
  const page = await context.newPage();
  await page.goto(`/results/${assignment}`);
  await page.getByRole('status').filter({ hasText: /Live|Final/ }).waitFor();
  return page;
}

let answers = 0;
async function hand_in(name) {
  const student = await (await school.visitor(chrome)).newPage();
  await join_quiz(student, name);
  await answer_all(student, 0);
  await submit(student);
  await student.getByRole('heading', { name: 'Handed in' }).waitFor();
  await student.context().close();
  answers += 10;
}

const shows = (page) => page.getByText(`${answers} of ${answers} answers counted`, { exact: true }).waitFor();
/** Connections to the server, and the assignments that are followed over them. */
const followed = async () => [await school.metric('live_connections'), await school.metric('live_assignments')].join();

test('ten tabs of one browser all follow a submission, over one connection', async () => {
  context = await school.staff(chrome, 'teacher');
  const tabs = [await open(CLOSED)];
  while (tabs.length < 10) tabs.push(await open());
  await until(async () => await followed() === '1,2');
  await hand_in('Amara Okafor');
  await Promise.all(tabs.slice(1).map(shows));
  await tabs[0].getByText('168 of 168 answers counted', { exact: true }).waitFor();
  assert.equal(await followed(), '1,2');
});

test('a hidden page neither asks nor holds a connection, and catches up when it is shown', async () => {
  context = await school.staff(chrome, 'teacher');
  const page = await open();
  const asked = [];
  page.on('request', (request) => { if (request.url().includes('/api/class_results')) asked.push(request.url()); });
  await set_visibility(page, 'hidden');
  await until(async () => await followed() === '0,0');
  const before = asked.length;
  const shown = await page.locator('main').innerText();
  await hand_in('Priya Raman');
  // Long enough for a page that listened to have heard of it.
  await ticks(school, chrome, 2);
  assert.equal(asked.length, before, 'it asks nothing');
  assert.equal(await page.locator('main').innerText(), shown, 'it redraws nothing');
  await set_visibility(page, 'visible');
  await shows(page);
  await until(async () => await followed() === '1,1');
});

test('a tab that was closed without a word is let go of', async () => {
  context = await school.staff(chrome, 'teacher');
  const stays = await open();
  const goes = await open(CLOSED);
  await until(async () => await followed() === '1,2');
  await goes.evaluate(() => { MessagePort.prototype.postMessage = () => {}; });
  await goes.close();
  await until(async () => await followed() === '1,1');
  await hand_in('Ben Whitlock');
  await shows(stays);
});

test('a worker that has died is noticed by its silence, and another takes its place', async () => {
  context = await school.staff(chrome, 'teacher');
  const page = await open();
  const session = await chrome.newBrowserCDPSession();
  const { targetInfos } = await session.send('Target.getTargets');
  const workers = targetInfos.filter(({ type }) => type === 'shared_worker');
  assert.equal(workers.length, 1);
  await session.send('Target.closeTarget', { targetId: workers[0].targetId });
  const died = Date.now();
  await until(async () => await followed() === '0,0');
  await until(async () => await followed() === '1,1');
  assert.ok(Date.now() - died < 6_500, `it took ${Date.now() - died} ms`);
  await hand_in('Mateo Rojas');
  await shows(page);
});

test('a browser without shared workers gives each page a connection of its own', async () => {
  context = await school.staff(chrome, 'teacher');
  await context.addInitScript(() => { delete window.SharedWorker; });
  const tabs = [await open(), await open()];
  await until(async () => await followed() === '2,1');
  await hand_in('Ibrahim Diallo');
  await Promise.all(tabs.map(shows));
  await set_visibility(tabs[0], 'hidden');
  await until(async () => await followed() === '1,1');
});

test('a tab whose assignment is gone is let go of, and the others go on', async () => {
  context = await school.staff(chrome, 'teacher');
  const [gone, stays] = [await open(), await open(CLOSED)];
  await until(async () => await followed() === '1,2');
  const answer = { status: 404, json: { error: 'not_found', message: 'there is no such assignment' } };
  await gone.route('**/api/class_results*', (route) => route.fulfill(answer));
  await hand_in('Hannah Lindqvist');
  await gone.getByText('The results cannot be shown: there is no such assignment.').waitFor();
  await until(async () => await followed() === '1,1');
  await stays.getByRole('status').filter({ hasText: 'Final' }).waitFor();
});
