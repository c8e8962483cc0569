// Operations on nodes, their ACLs and transactions.
'use strict';

const assert = require('assert');
const { Session, zookeeper } = require('./session');
const { fails } = require('./harness');

const { CreateMode, Exception, Permission, ACL, Id, State } = zookeeper;

async function creates(s) {
  assert.strictEqual(await s.create('/n/p', Buffer.from('x')), '/n/p');
  assert.strictEqual(await s.create('/n/e', null, null, CreateMode.EPHEMERAL), '/n/e');
  assert.strictEqual(await s.create('/n/s', null, null, CreateMode.PERSISTENT_SEQUENTIAL),
    '/n/s0000000002');
  assert.strictEqual(await s.create('/n/s', null, null, CreateMode.EPHEMERAL_SEQUENTIAL),
    '/n/s0000000003');
  const stat = await s.exists('/n/e');
  assert.deepStrictEqual(stat.ephemeralOwner, s.id());
  await s.call('mkdirp', '/n/deep/er/est');
  assert.deepStrictEqual(await s.children('/n/deep/er').then(([names]) => names), ['est']);
}

async function reads(s) {
  let [data, stat] = await s.get('/n/p');
  assert.deepStrictEqual([data.toString(), stat.version], ['x', 0]);
  stat = await s.set('/n/p', Buffer.from('new'), 0);
  assert.deepStrictEqual([stat.version, stat.dataLength], [1, 3]);
  const large = Buffer.alloc(1000000, 'abcdefg');
  await s.set('/n/p', large);
  [data] = await s.get('/n/p');
  assert.ok(large.equals(data));
  [data] = await s.get('/n/e');
  assert.strictEqual(data, undefined);
  const [names, parent] = await s.children('/n');
  assert.strictEqual(names.length, parent.numChildren);
  assert.strictEqual(await s.exists('/n/none'), null);
  // The library lists, and removes, no more than one level below a node.
  const tree = await s.call('listSubTreeBFS', '/n/deep/er');
  assert.deepStrictEqual(tree, ['/n/deep/er', '/n/deep/er/est']);
}

async function refusals(s) {
  await fails(Exception.NODE_EXISTS, s.create('/n/p'));
  await fails(Exception.NO_NODE, s.create('/n/none/x'));
  await fails(Exception.NO_CHILDREN_FOR_EPHEMERALS, s.create('/n/e/x'));
  await fails(Exception.INVALID_ACL, s.create('/n/a', null,
    [new ACL(Permission.ALL, new Id('nosuch', 'x'))]));
  await fails(Exception.BAD_VERSION, s.set('/n/p', Buffer.from('x'), 99));
  await fails(Exception.BAD_VERSION, s.remove('/n/p', 99));
  await fails(Exception.NOT_EMPTY, s.remove('/n/deep'));
  await fails(Exception.NO_NODE, s.remove('/n/none'));
  await fails(Exception.NO_NODE, s.get('/n/none'));
  await fails(Exception.NO_NODE, s.children('/n/none'));
  await fails(Exception.BAD_ARGUMENTS, s.remove('/zookeeper'));
  await s.call('removeRecursive', '/n/deep/er', -1);
  assert.strictEqual(await s.exists('/n/deep/er'), null);
}

async function pipeline(s) {
  await s.create('/n/pipe');
  const pending = [];
  for (let i = 0; i < 300; i += 1) {
    pending.push(s.set('/n/pipe', Buffer.from(`${i}`)));
    pending.push(s.get('/n/pipe').then(([data]) => assert.strictEqual(`${data}`, `${i}`)));
    pending.push(fails(Exception.NO_NODE, s.remove('/n/none')));
  }
  await Promise.all(pending);
}

async function acls(s) {
  await s.create('/n/acl');
  let [acl, stat] = await s.call('getACL', '/n/acl');
  assert.deepStrictEqual([acl[0].permission, stat.aversion], [Permission.ALL, 0]);
  const read = [new ACL(Permission.READ | Permission.ADMIN, Id.ANYONE_ID_UNSAFE)];
  stat = await s.call('setACL', '/n/acl', read, 0);
  assert.strictEqual(stat.aversion, 1);
  [acl] = await s.call('getACL', '/n/acl');
  assert.strictEqual(acl[0].permission, Permission.READ | Permission.ADMIN);
  await fails(Exception.NO_AUTH, s.set('/n/acl', Buffer.from('x')));
  await fails(Exception.BAD_VERSION, s.call('setACL', '/n/acl', read, 0));
}

async function auth(s, addr) {
  const owner = await Session.open(addr);
  owner.client.addAuthInfo('digest', Buffer.from('ann:secret'));
  await owner.create('/n/owned', Buffer.from('x'), ACL.CREATOR_ALL_ACL);
  await fails(Exception.NO_AUTH, s.get('/n/owned'));
  // The library sends its credentials again after a reconnect.
  owner.cut();
  await owner.states.until(State.DISCONNECTED);
  await owner.states.until(State.SYNC_CONNECTED);
  await owner.get('/n/owned');
  await owner.close();
  const other = await Session.open(addr);
  other.client.addAuthInfo('digest', Buffer.from('ann:wrong'));
  await fails(Exception.NO_AUTH, other.get('/n/owned'));
  other.client.addAuthInfo('digest', Buffer.from('ann:secret'));
  await other.get('/n/owned');
  other.client.addAuthInfo('nosuch', Buffer.from('x'));
  await other.states.until(State.AUTH_FAILED);
}

async function transaction(s) {
  const t = s.client.transaction();
  t.create('/n/t', Buffer.from('1'));
  t.create('/n/t/s', null, null, CreateMode.EPHEMERAL_SEQUENTIAL);
  t.setData('/n/t', Buffer.from('2'), 0);
  t.check('/n/t', 1);
  t.remove('/n/t/s0000000000');
  const results = await s.commit(t);
  assert.strictEqual(results.length, 5);
  assert.strictEqual(results[1].path, '/n/t/s0000000000');
  assert.strictEqual(results[2].stat.version, 1);
  const [data] = await s.get('/n/t');
  assert.strictEqual(data.toString(), '2');
}

async function failedTransaction(s) {
  const t = s.client.transaction();
  t.create('/n/undone');
  t.check('/n/t', 77);
  t.remove('/n/t');
  const error = await fails(Exception.BAD_VERSION, s.commit(t));
  assert.deepStrictEqual(error.results.map((result) => result.err),
    [0, Exception.BAD_VERSION, Exception.RUNTIME_INCONSISTENCY]);
  assert.strictEqual(await s.exists('/n/undone'), null);
}

async function chroot(s, addr) {
  const rooted = await Session.open(`${addr}/n`);
  assert.strictEqual(await rooted.create('/rooted'), '/rooted');
  assert.ok(await s.exists('/n/rooted'));
  await rooted.close();
}

module.exports = async function run(h) {
  const s = await Session.open(h.addr);
  await h.check('connect', () => s.create('/n'));
  await h.check('create in every mode', () => creates(s));
  await h.check('get, set, children, exists', () => reads(s));
  await h.check('refusals', () => refusals(s));
  await h.check('pipelined requests', () => pipeline(s));
  await h.check('getACL and setACL', () => acls(s));
  await h.check('auth', () => auth(s, h.addr));
  await h.check('transaction', () => transaction(s));
  await h.check('failed transaction', () => failedTransaction(s));
  await h.check('chroot', () => chroot(s, h.addr));
  await s.close();
};
