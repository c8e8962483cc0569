// Every operation of node-zookeeper-client against the server at host:port.
'use strict';

const { Harness } = require('./harness');
const nodes = require('./nodes');
const watches = require('./watches');
const sessions = require('./sessions');

async function main(addr, word) {
  if (word === 'hold') {
    await sessions.hold(addr);
    return;
  }
  const harness = new Harness(addr);
  await nodes(harness);
  await watches(harness);
  await sessions.run(harness);
  process.exit(harness.failures === 0 ? 0 : 1);
}

main(...process.argv.slice(2)).catch((problem) => {
  console.error(problem);
  process.exit(1);
});
