// The three one-shot watches.
'use strict';

const { Session, zookeeper } = require('./session');
const { Events } = require('./harness');

const { Event } = zookeeper;

async function data(s) {
  const events = new Events();
  await s.create('/w/d');
  await s.get('/w/d', events.watch);
  await s.set('/w/d', Buffer.from('1'));
  await events.expect(Event.NODE_DATA_CHANGED, '/w/d');
  await s.set('/w/d', Buffer.from('2'));
  await s.exists('/w/d', events.watch);
  await s.remove('/w/d');
  await events.expect(Event.NODE_DELETED, '/w/d');
  events.none();
}

async function absent(s) {
  const events = new Events();
  await s.exists('/w/new', events.watch);
  await s.create('/w/new');
  await events.expect(Event.NODE_CREATED, '/w/new');
}

async function child(s) {
  const events = new Events();
  await s.create('/w/c');
  await s.children('/w/c', events.watch);
  await s.create('/w/c/x');
  await events.expect(Event.NODE_CHILDREN_CHANGED, '/w/c');
  await s.children('/w/c', events.watch);
  await s.remove('/w/c/x');
  await events.expect(Event.NODE_CHILDREN_CHANGED, '/w/c');
  events.none();
}

async function ephemeral(s, addr) {
  const events = new Events();
  const other = await Session.open(addr);
  await other.create('/w/brief', null, null, zookeeper.CreateMode.EPHEMERAL);
  await s.exists('/w/brief', events.watch);
  await other.close();
  await events.expect(Event.NODE_DELETED, '/w/brief');
}

module.exports = async function run(h) {
  const s = await Session.open(h.addr);
  await s.create('/w');
  await h.check('data watch', () => data(s));
  await h.check('exists watch on an absent node', () => absent(s));
  await h.check('child watch', () => child(s));
  await h.check("an ephemeral's end is an event", () => ephemeral(s, h.addr));
  await s.close();
};
