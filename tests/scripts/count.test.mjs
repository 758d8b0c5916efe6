// What `make test` counts is what the runners said, in every locale.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const nextest =
  '    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 104 filtered out; finished in 0.62s\n' +
  '     Summary [  12.180s] 61 tests run: 60 passed (1 slow), 1 failed, 2 skipped\n';
const cargo = 'test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.31s\n';
const node = '✔ a page that may pass 300 times (4ms)\n✖ 2 failed of 400 (1ms)\nℹ tests 12\nℹ pass 9\nℹ fail 3\nℹ skipped 0\n';

const pytest = '........F... [100%]\n1 failed, 223 passed, 2 skipped in 35.38s\n';

const count = (what, log, locale) => {
  const env = { PATH: process.env.PATH, LC_ALL: locale };
  return Number(execFileSync('bash', ['scripts/count.sh', what], { input: log, env }));
};

for (const locale of ['C', 'C.UTF-8']) {
  test(`each runner’s words are understood, ${locale}`, () => {
    for (const [log, passed, failed] of [[nextest, 60, 1], [cargo, 7, 0], [node, 9, 3], [pytest, 223, 1], [nextest + cargo + node + pytest, 299, 5], ['', 0, 0]]) {
      assert.deepEqual([count('passed', log, locale), count('failed', log, locale)], [passed, failed], log);
    }
  });
}
