// Whatever a student's browser is sent, from the first page to the receipt, gives no key away before its release.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OPEN, School, answer_all, browser, join_quiz, submit } from './school.mjs';

/** Begin the explanations of three questions of the open quiz; each would give its key away. */
const GIVEAWAYS = ['The carbon in sugar', 'Chloroplasts hold', 'Respiration never stops'];
/** How a key would be named on the wire. */
const MARKERS = /"(is_key|key|keys|correct|explanation|released)"\s*:\s*(?!null)/g;

let chrome, school;
before(async () => { chrome = await browser(); school = await School.open(); });
after(async () => { await chrome?.close(); await school?.close(); });

/** Hands every answer on to a context's pages, and remembers its headers and its body as the pages read it. */
class Ear {
  static async on(context) {
    const ear = new Ear();
    ear.heard = [];
    await context.route('**/*', (route) => ear.hand_on(route));
    return ear;
  }

  async hand_on(route) {
    const response = await route.fetch({ maxRedirects: 0 });
    const body = await response.body();
    const text = `${JSON.stringify(response.headersArray())}\n${body.toString('latin1')}`;
    this.heard.push({ path: new URL(response.url()).pathname, text, size: body.length });
    // A page that has been left takes no answer any more; it was heard all the same.
    await route.fulfill({ response, body }).catch(() => {});
  }
}

function secrets(heard) {
  return heard.flatMap(({ path, text }) => [
    ...GIVEAWAYS.filter((giveaway) => text.includes(giveaway)).map((giveaway) => `${path}: ${giveaway}`),
    ...[...text.matchAll(MARKERS)].map(([marker]) => `${path}: ${marker}`),
  ]);
}

test('a student’s browser is never sent a key before the teacher closes the quiz', async () => {
  const context = await school.visitor(chrome);
  const ear = await Ear.on(context);
  const page = await context.newPage();
  await page.goto('/');
  await page.getByRole('link', { name: 'Join with a code' }).click();
  await join_quiz(page, 'Nadia Petrova');
  await answer_all(page, 3);
  await page.reload();
  await page.getByRole('heading', { name: 'Look over your answers' }).waitFor();
  await submit(page);
  await page.getByRole('heading', { name: 'Handed in' }).waitFor();
  await page.getByRole('button', { name: 'Check for answers' }).click();
  await page.waitForLoadState('networkidle');
  for (const path of ['/classes', `/results/${OPEN}`, '/pipeline']) {
    await page.goto(path);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  }

  const before = [...ear.heard];
  const sent = (pattern) => before.filter(({ path, size }) => pattern.test(path) && size > 0);
  for (const [what, pattern] of [
    ['the page', /^\/$/], ['the script', /\.js$/], ['the style', /\.css$/], ['joining', /^\/api\/join$/],
    ['the quiz', /^\/api\/attempts\/[^/]+$/], ['the receipt', /\/answers$/],
  ]) assert.ok(sent(pattern).length > 0, `${what} was read`);
  const [wasm] = sent(/\.wasm$/);
  assert.ok(wasm.size > 50_000 && wasm.text.includes('\0asm'), 'the WASM was read, not compressed');
  assert.ok(before.some(({ text }) => text.includes('gain most of its mass')), 'the quiz itself was read');
  assert.deepEqual(secrets(before), []);

  // The search finds what it looks for: the same student, after the release.
  const teacher = await school.staff(chrome, 'teacher');
  assert.ok((await teacher.request.post(`/api/assignments/${OPEN}/close`)).ok());
  const attempt = before.map(({ path }) => path.match(/^\/api\/attempts\/([^/]+)$/)?.[1]).find(Boolean);
  await page.goto(`/quiz/${attempt}`);
  await page.getByText(GIVEAWAYS[0]).waitFor();
  const found = secrets(ear.heard.slice(before.length));
  for (const giveaway of GIVEAWAYS) assert.ok(found.some((secret) => secret.endsWith(giveaway)), giveaway);
  for (const marker of ['"key":', '"explanation":']) assert.ok(found.some((secret) => secret.includes(marker)), marker);

  // And the device keeps none of it.
  const kept = await page.evaluate(() => JSON.stringify(localStorage));
  assert.ok(kept.includes(attempt));
  assert.deepEqual(secrets([{ path: 'localStorage', text: kept.replaceAll('\\"', '"') }]), []);
});
