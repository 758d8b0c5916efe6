// What somebody sees and does on a page, in any engine: finds things by their words, and uses mouse and keyboard.
import { mkdirSync, writeFileSync } from 'node:fs';
import { until } from '../browser/school.mjs';

export class Person {
  /** At an engine's tab, before a server. */
  constructor(tab, address) {
    this.tab = tab;
    this.address = address;
  }

  go(path) {
    return this.tab.go(this.address + path);
  }

  /** Waits until the page says something: a text, or what a pattern matches. */
  async sees(words) {
    const pattern = words instanceof RegExp ? words.source : words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    await this.#wait(`"${pattern}"`, () => this.tab.run((pattern) => new RegExp(pattern).test(document.body.innerText), pattern));
  }

  /** What a function in the page says, as soon as it has something to say. */
  async result(wanted, ...args) {
    let found;
    await this.#wait(`${wanted.name} ${args}`, async () => { found = await this.tab.run(wanted, ...args); return found; });
    return found;
  }

  /** Clicks the one at a place of what a selector finds, with these words or this label on it. */
  async click(selector, words = '', place = 0) {
    const point = await this.result(reach, selector, words, place);
    await this.tab.act([{
      type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' },
      actions: [{ type: 'pointerMove', ...point, duration: 0 }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }],
    }]);
  }

  /** Writes into the field with a label. */
  async fill(label, words) {
    await this.click('label', label);
    await this.#wait(`the focus in "${label}"`, () => this.tab.run(() => document.activeElement.matches('input')));
    const keys = [...words].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]);
    await this.tab.act([{ type: 'key', id: 'keyboard', actions: keys }]);
    await this.#wait(`"${words}" in "${label}"`, () => this.tab.run((words) => document.activeElement.value === words, words));
  }

  async #wait(what, holds) {
    try {
      await until(holds);
    } catch (error) {
      const page = await this.tab.run(() => `${location.pathname}\n${document.body.innerText}`).catch(() => 'no page');
      await this.#keep_picture().catch(() => {});
      throw new Error(`${what} never came on ${page}`, { cause: error });
    }
  }

  /** What the page looked like, for whoever looks into a failure. */
  async #keep_picture() {
    mkdirSync('test-results', { recursive: true });
    writeFileSync(`test-results/engines-${Date.now()}.png`, await this.tab.picture());
  }
}

/** Runs in a page: where an element can be clicked, if it can. */
function reach(selector, words, place) {
  const named = (element) => (element.ariaLabel ?? element.innerText).includes(words);
  const element = [...document.querySelectorAll(selector)].filter(named)[place];
  if (!element || element.disabled) return null;
  element.scrollIntoView({ block: 'center', behavior: 'instant' });
  const { left, top, width, height } = element.getBoundingClientRect();
  const [x, y] = [Math.round(left + width / 2), Math.round(top + height / 2)];
  const hit = document.elementFromPoint(x, y);
  return element.contains(hit) || hit?.contains(element) ? { x, y } : null;
}
