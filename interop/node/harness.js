// Named checks, one PASS or FAIL line each, and requests to the runner (see interop/matrix).
'use strict';

const assert = require('assert');
const readline = require('readline');

const PATIENCE_MS = 20000;

class Harness {
  constructor(addr) {
    this.addr = addr;
    this.failures = 0;
    this.waiting = [];
    this.input = readline.createInterface({ input: process.stdin });
    this.input.on('line', (line) => this.waiting.shift()(line));
  }

  async check(name, body) {
    try {
      await body();
      console.log(`PASS ${name}`);
    } catch (problem) {
      this.failures += 1;
      const where = /(\w+\.js:\d+)/.exec((problem.stack || '').replace(/harness\.js/g, ''));
      const why = String(problem.message || problem).replace(/\s+/g, ' ');
      console.log(`FAIL ${name}: ${why} (${where ? where[1] : 'nowhere'})`);
    }
  }

  restart() {
    return this.ask('RESTART', 'RESTARTED');
  }

  crash() {
    return this.ask('CRASH', 'RESTARTED');
  }

  pause(millis) {
    return this.ask(`PAUSE ${millis}`, 'RESUMED');
  }

  async ask(request, answer) {
    const line = new Promise((resolve) => this.waiting.push(resolve));
    console.log(request);
    assert.strictEqual(await line, answer);
  }
}

// within fails a promise that takes too long.
function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} in time`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Events is a list that can be waited on.
class Events {
  constructor() {
    this.list = [];
    this.waiting = [];
    this.watch = (event) => this.put(event);
  }

  put(event) {
    if (this.waiting.length > 0) {
      this.waiting.shift()(event);
    } else {
      this.list.push(event);
    }
  }

  next(what) {
    if (this.list.length > 0) {
      return Promise.resolve(this.list.shift());
    }
    return within(new Promise((resolve) => this.waiting.push(resolve)), what || 'event');
  }

  async expect(type, path) {
    const event = await this.next(`event ${type} ${path}`);
    assert.deepStrictEqual([event.getType(), event.getPath()], [type, path]);
  }

  // until skips what comes before the wanted value.
  async until(wanted) {
    for (;;) {
      if ((await this.next(String(wanted))) === wanted) {
        return;
      }
    }
  }

  none() {
    assert.deepStrictEqual(this.list.map(String), []);
  }
}

// fails asserts that a promise is refused with that code.
async function fails(code, promise) {
  let got;
  try {
    got = await promise;
  } catch (error) {
    assert.strictEqual(error.code, code, `want code ${code}, got ${error}`);
    return error;
  }
  throw new Error(`want code ${code}, got ${got}`);
}

module.exports = { Harness, Events, fails, within, PATIENCE_MS };
