// Package applied is the tree of znodes as transactions leave it, written down as simply as it can
// be: a map from path to node, in which everything else is found by looking at everything. It is
// the model that the real tree is tested against; nothing serves from it.
//
// Where the real tree keeps a sum, the model adds up; where that one keeps an index, the model
// searches. What ZooKeeper does by history and not by state (keys of ACLs, quota stats, the
// sessions in dump) the model does by history too.
package applied
