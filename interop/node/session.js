// The library behind promises, with its session's states as events.
'use strict';

const zookeeper = require('node-zookeeper-client');
const { Events } = require('./harness');

const { State } = zookeeper;

class Session {
  constructor(addr, options) {
    this.client = zookeeper.createClient(addr, { sessionTimeout: 10000, ...options });
    this.states = new Events();
    this.client.on('state', (state) => this.states.put(state));
    this.client.connect();
  }

  static async open(addr, options) {
    const session = new Session(addr, options);
    await session.states.until(State.SYNC_CONNECTED);
    return session;
  }

  // call runs a method of the library; more than one result comes as a list.
  call(method, ...args) {
    return new Promise((resolve, reject) => {
      this.client[method](...args, (error, ...results) => {
        if (error) {
          reject(error);
        } else {
          resolve(results.length > 1 ? results : results[0]);
        }
      });
    });
  }

  create(path, data, acl, mode) {
    return this.call('create', path, data, acl || zookeeper.ACL.OPEN_ACL_UNSAFE, mode || 0);
  }

  exists(path, watch) {
    return this.call('exists', path, watch);
  }

  get(path, watch) {
    return this.call('getData', path, watch);
  }

  children(path, watch) {
    return this.call('getChildren', path, watch);
  }

  set(path, data, version = -1) {
    return this.call('setData', path, data, version);
  }

  remove(path, version = -1) {
    return this.call('remove', path, version);
  }

  commit(transaction) {
    return new Promise((resolve, reject) => {
      transaction.commit((error, results) => {
        if (error) {
          reject(Object.assign(error, { results }));
        } else {
          resolve(results);
        }
      });
    });
  }

  id() {
    return this.client.getSessionId();
  }

  cut() {
    this.client.connectionManager.socket.destroy();
  }

  async close() {
    this.client.close();
    await this.states.until(State.DISCONNECTED);
  }
}

module.exports = { Session, zookeeper };
