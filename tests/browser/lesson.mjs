// What the tests of a results page begin with: thirty students who have handed in, and browsers that are closed when a
// test ends.
import { after, afterEach, before } from 'node:test';
import { School, browser, close_all, play } from './school.mjs';

export class Lesson {
  #opened = [];

  /** Makes it before the first test of a file, and takes it away after the last. */
  constructor() {
    before(async () => {
      this.chrome = await browser();
      this.school = await School.open();
      await play(this.school, 30);
    });
    after(async () => { await this.chrome?.close(); await this.school?.close(); });
    afterEach(() => close_all(this.#opened));
  }

  /** A browser of somebody of the staff, closed when its test ends. */
  async browser_of(who, options) {
    const context = await this.school.staff(this.chrome, who, options);
    this.#opened.push(context);
    return context;
  }

  /** A browser with nobody signed in, closed when its test ends. */
  async visitor(options) {
    const context = await this.school.visitor(this.chrome, options);
    this.#opened.push(context);
    return context;
  }

  /** A page of its own browser. */
  async open(address, options, who = 'teacher') {
    const page = await (await this.browser_of(who, options)).newPage();
    await page.goto(address);
    return page;
  }
}
