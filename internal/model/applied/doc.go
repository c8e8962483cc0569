// Package applied is the tree of znodes as transactions leave it, written down as simply as it can
// be: a map from path to node. Everything else is found by looking at all nodes. It is the model
// that the real tree is tested against; nothing serves from it.
//
// Where the real tree keeps a sum, the model adds up; where the real tree keeps an index, the model
// searches. What depends on history and not on state in ZooKeeper (keys of ACLs, quota stats, the
// sessions in dump) depends on history in the model too.
package applied
