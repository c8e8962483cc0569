// Package config reads zoo.cfg and the values of -D into one Config that never
// changes again.
//
// Every setting of ZooKeeper 3.9 and of Quoll is described once, in the tables of
// keys_*.go: its name in zoo.cfg, its system property, how it is read, its default
// and unit, and what becomes of it: honoured, without effect, or refused, with the
// reason. A key that is in no table is warned of, with the nearest name.
//
// Values come in three layers, the later over the earlier:
//
//	-D zookeeper.snapCount=5   a Java system property, by its full name
//	snapCount=5                a line of zoo.cfg
//	-D snapCount=5             a key of zoo.cfg on the command line: as a last line
//
// In Apache a line of zoo.cfg wins over the system property of the same name, and
// a few properties have no prefix and cannot be set in zoo.cfg at all
// (jute.maxbuffer, readonlymode.enabled, znode.container.*). Both are kept, with a
// warning, because a directory and its zoo.cfg move between the two servers.
//
// How a value is read also follows Apache: keys that zoo.cfg knows itself must be
// right, system properties that make no sense quietly become their default. Here
// they are warned of.
//
// The package starts no goroutine and keeps nothing; a Config is shared freely.
//
// Read config.go for the result, key.go and one of keys_*.go for the table, then
// the way of a value: layers.go, assign.go, complete.go, members.go, ensemble.go,
// and load.go, which calls them in this order. The format of the file is read in
// quorum/config, whose texts have it too. print.go shows the result, secret.go
// hides what it must not show, suggest.go finds the key that was meant.
package config
