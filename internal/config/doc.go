// Package config reads zoo.cfg and the values of -D into one Config that never
// changes again.
//
// Every setting of ZooKeeper 3.9 and of Quoll is described once, in the tables of
// keys_*.go: its name in zoo.cfg, its system property, how it is read, its default
// and unit, and whether it is honoured, without effect, or refused, with the reason.
// A key that is in no table gets a warning, with the nearest known name.
//
// Values come in three layers. A later layer wins over an earlier one:
//
//	-D zookeeper.snapCount=5   a Java system property, by its full name
//	snapCount=5                a line of zoo.cfg
//	-D snapCount=5             a key of zoo.cfg on the command line: like a last line
//
// In Apache a line of zoo.cfg wins over the system property of the same name. A few
// properties have no prefix and cannot be set in zoo.cfg at all (jute.maxbuffer,
// readonlymode.enabled, znode.container.*). Quoll keeps both rules, with a warning,
// because a directory and its zoo.cfg move between the two servers.
//
// Values are also read as in Apache. A wrong value of a key that Apache reads from
// zoo.cfg itself is an error. A wrong value of a system property is replaced by the
// default; Apache does so in silence, Quoll with a warning.
//
// The package starts no goroutine and has no state. A Config is shared without locks.
//
// Read config.go for the result, key.go and one of keys_*.go for the table, then
// the way of a value: layers.go, assign.go, complete.go, members.go, ensemble.go,
// and load.go, which calls them in this order. Package quorum/config parses the file
// format, because its own texts have the same format. print.go shows the result,
// secret.go hides values that must not be shown. Package spelling finds the key that
// a misspelt name may mean.
package config
