// Package reference proves the tables of internal/reference: each is run against Apache ZooKeeper
// and this repository's server, and each write that this server refuses because Apache's would end
// is given to a server of Apache's, which must end.
//
// Then the directory that this server makes of all those writes goes to Apache's server, which must
// start from it twice (from the log, and from its own snapshot) and show the same tree.
//
// There are tests only, in reference_test.go.
package reference
