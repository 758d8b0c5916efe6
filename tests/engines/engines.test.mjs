// The way of an answer in engines other than Chromium: join, answer, submit, see it live.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CODE, OPEN, OTHER, OTHER_CODE, School, play } from '../browser/school.mjs';
import { compare_texts, record_texts } from './charts.mjs';
import { Firefox } from './firefox.mjs';
import { Person } from './person.mjs';
import { WebKit } from './webkit.mjs';

for (const Engine of [Firefox, WebKit]) {
  describe(Engine.name, () => {
    let engine, school;
    before(async () => { school = await School.open(); engine = await Engine.open(); });
    after(async () => { await engine?.close(); await school?.close(); });

    const somebody = async () => new Person(await engine.tab(), school.address);
    const teacher_at = async (path) => {
      const teacher = await somebody();
      await teacher.go('/signin');
      await teacher.fill('Email', 'teacher@demo.school');
      await teacher.fill('Password', 'freshmark-2026');
      await teacher.click('button', 'Sign in');
      await teacher.sees('Photosynthesis check');
      await teacher.go(path);
      return teacher;
    };

    test('a student joins, answers and hands in, and the teacher’s open page follows without a reload', async () => {
      const teacher = await teacher_at(`/results/${OPEN}?question=2`);
      await teacher.sees('0 of 31 submitted');
      await teacher.tab.run(() => { window.same_document = true; });

      const student = await somebody();
      await join(student, 'Amara Okafor');
      await teacher.sees('1 working');
      await answer_all(student);
      await student.click('button', 'Submit');
      await student.sees('Handed in');
      await student.sees(/Your 10 answers arrived at \d\d:\d\d:\d\d\./);

      await teacher.sees(/Up to date: 1 of 31 submitted, all counted \(last at \d\d:\d\d\)/);
      assert.equal(await teacher.tab.run(() => window.same_document), true, 'the page was not loaded again');
      for (const one of [teacher, student]) await is_well(one);
    });

    test('a question keeps its distance from its choices', async () => {
      const student = await somebody();
      await join(student, 'Ben Whitlock');
      const { above, below } = await student.tab.run(room_of_question);
      assert.ok(above >= 4 && below >= 12, `it would touch its neighbours: ${above} px above, ${below} px below`);
      await is_well(student);
    });

    test('a chart’s text is drawn in the page’s own font, without serifs, and as wide as it is measured', async () => {
      await play(school, 12, OTHER_CODE);
      const teacher = await teacher_at(`/results/${OTHER}?question=4`);
      await teacher.sees(/12 of \d+ submitted/);
      await teacher.tab.run(record_texts);
      await teacher.click('.bars button', 'Question 6: ');
      await teacher.sees('Question 6');
      // Ten questions and four choices, at the least.
      const texts = await teacher.result(compare_texts, 'Q6', 14);
      assert.ok(texts.length >= 12, `labels and choices: ${JSON.stringify(texts)}`);
      for (const one of texts) {
        const says = JSON.stringify(one);
        assert.equal(one.family, one.of_page, says);
        assert.equal(one.unlike_page, 0, `not drawn as the page’s own font is: ${says}`);
        assert.ok(one.unlike_serif > 0, `drawn with serifs: ${says}`);
        assert.ok(Math.abs(one.measured - one.on_page) < 1, `measured otherwise than the page: ${says}`);
        assert.ok(one.measured - one.drawn >= -1 && one.measured - one.drawn <= 4, `drawn otherwise than measured: ${says}`);
      }
      await is_well(teacher);
    });
  });
}

async function join(student, name) {
  await student.go('/join');
  await student.fill('Code from your teacher', CODE.toLowerCase());
  await student.fill('Your name', name);
  await student.click('button', 'Start');
  await student.sees('Question 1 of 10');
}

async function answer_all(student) {
  for (let number = 1; number <= 10; number += 1) {
    await student.sees(`Question ${number} of 10`);
    await student.click('label.opt', '', 1);
    await student.click('button', number < 10 ? 'Next' : 'Review');
  }
  await student.sees('Look over your answers');
}

/** Runs in the page: how far the question is from what stands above and below it. */
function room_of_question() {
  const [place, question, choice] = ['main > p', 'legend h1', '.opt'].map((one) => document.querySelector(one).getBoundingClientRect());
  return { above: Math.round(question.top - place.bottom), below: Math.round(choice.top - question.bottom) };
}

/** Nothing on the console, and nothing that the page's guard had to say. */
async function is_well(person) {
  assert.deepEqual(await person.tab.complaints(), []);
  assert.equal(await person.tab.run(() => document.getElementById('notice').innerText), '');
}
