// Resuming, losing and outliving sessions.
'use strict';

const assert = require('assert');
const { execFile } = require('child_process');
const net = require('net');
const { promisify } = require('util');
const { Session, zookeeper } = require('./session');
const { Events, PATIENCE_MS } = require('./harness');

const { CreateMode, Event, State } = zookeeper;

// hold makes an ephemeral node and ends this process without closing the session.
async function hold(addr) {
  const s = await Session.open(addr);
  await s.create('/s/held', null, null, CreateMode.EPHEMERAL);
  const identity = [s.id(), s.client.getSessionPassword()].map((b) => b.toString('hex'));
  process.stdout.write(`${identity.join(' ')}\n`, () => process.exit(0));
}

async function resume(addr) {
  const { stdout } = await promisify(execFile)(process.execPath, [process.argv[1], addr, 'hold'],
    { timeout: PATIENCE_MS });
  const [sessionId, sessionPassword] = stdout.trim().split(' ').map((h) => Buffer.from(h, 'hex'));
  const s = await Session.open(addr, { sessionId, sessionPassword });
  assert.deepStrictEqual(s.id(), sessionId);
  assert.deepStrictEqual((await s.exists('/s/held')).ephemeralOwner, sessionId);
  await s.close();
  const other = await Session.open(addr);
  assert.strictEqual(await other.exists('/s/held'), null);
  await other.close();
}

async function unknown(addr) {
  const s = new Session(addr, {
    sessionId: Buffer.from('0000000000012345', 'hex'), sessionPassword: Buffer.alloc(16),
  });
  await s.states.until(State.EXPIRED);
}

async function cut(addr) {
  const s = await Session.open(addr);
  const other = await Session.open(addr);
  const events = new Events();
  const id = s.id();
  await s.create('/s/cut', null, null, CreateMode.EPHEMERAL);
  await s.get('/s/cut', events.watch);
  s.cut();
  await other.set('/s/cut', Buffer.from('while away'));
  await s.states.until(State.DISCONNECTED);
  await s.states.until(State.SYNC_CONNECTED);
  assert.deepStrictEqual(s.id(), id);
  await events.expect(Event.NODE_DATA_CHANGED, '/s/cut');
  assert.deepStrictEqual((await s.exists('/s/cut')).ephemeralOwner, id);
  await s.close();
  await other.close();
}

// usurp attaches to a session over a socket of its own and closes it, in one write. It resolves
// to whether the server answered both frames, or refused the session as gone: the library may be
// back before the second frame is read, and take the session along.
function usurp(addr, id, password) {
  const frames = Buffer.alloc(49 + 12);
  frames.writeInt32BE(45, 0);
  frames.writeInt32BE(10000, 16);
  id.copy(frames, 20);
  frames.writeInt32BE(16, 28);
  password.copy(frames, 32);
  frames.writeInt32BE(8, 49);
  frames.writeInt32BE(1, 53);
  frames.writeInt32BE(-11, 57);
  const [host, port] = addr.split(':');
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = net.connect({ host, port });
    socket.on('data', (chunk) => { answer = Buffer.concat([answer, chunk]); });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer.length >= 41 + 20
      || (answer.length >= 41 && answer.readInt32BE(8) === 0)));
    socket.write(frames);
  });
}

async function closedByOther(addr) {
  const s = await Session.open(addr);
  await s.create('/s/usurped', null, null, CreateMode.EPHEMERAL);
  const identity = [s.id(), s.client.getSessionPassword()];
  while (!await usurp(addr, ...identity));
  await s.states.until(State.EXPIRED);
  const other = await Session.open(addr);
  assert.strictEqual(await other.exists('/s/usurped'), null);
  await other.close();
}

async function expires(h) {
  const s = await Session.open(h.addr, { sessionTimeout: 1000 });
  assert.strictEqual(s.client.getSessionTimeout(), 1000);
  await s.create('/s/paused', null, null, CreateMode.EPHEMERAL);
  await h.pause(3000);
  await s.states.until(State.EXPIRED);
  const other = await Session.open(h.addr);
  assert.strictEqual(await other.exists('/s/paused'), null);
  await other.close();
}

async function over(h, root, restart) {
  const s = await Session.open(h.addr);
  const [data, exists, children] = [new Events(), new Events(), new Events()];
  const id = s.id();
  await s.create(root);
  await s.create(`${root}/e`, null, null, CreateMode.EPHEMERAL);
  await s.get(root, data.watch);
  await s.exists(`${root}/new`, exists.watch);
  await s.children(root, children.watch);
  await restart();
  await s.states.until(State.DISCONNECTED);
  await s.states.until(State.SYNC_CONNECTED);
  assert.deepStrictEqual(s.id(), id);
  assert.deepStrictEqual((await s.exists(`${root}/e`)).ephemeralOwner, id);
  [data, exists, children].forEach((events) => events.none());
  await s.set(root, Buffer.from('1'));
  await s.create(`${root}/new`);
  await data.expect(Event.NODE_DATA_CHANGED, root);
  await exists.expect(Event.NODE_CREATED, `${root}/new`);
  await children.expect(Event.NODE_CHILDREN_CHANGED, root);
  await s.close();
}

async function run(h) {
  const s = await Session.open(h.addr);
  await s.create('/s');
  await s.close();
  await h.check('a session is resumed with id and password', () => resume(h.addr));
  await h.check('an unknown session is expired', () => unknown(h.addr));
  await h.check('a connection that is cut comes back', () => cut(h.addr));
  await h.check('closed by another with its id and password', () => closedByOther(h.addr));
  await h.check("a stopped client's session expires", () => expires(h));
  await h.check('watches over a clean restart', () => over(h, '/s/over', () => h.restart()));
  await h.check('watches over a kill', () => over(h, '/s/killed', () => h.crash()));
}

module.exports = { run, hold };
