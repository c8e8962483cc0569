// Package names says what the names in a data directory stand for. It is the only place that
// parses one; it has no state and touches no disk.
//
// People leave files beside ours: log.3f.bak before an upgrade, log.3f~ of an editor, log.3f.gz of
// a script. Apache takes many of them for data, because it looks at the part between the first two
// dots alone and reads it as Java's Long.parseLong does. If two names have the same zxid, Apache
// reads the one that the directory lists last. Here a name is one of these:
//
//	Exact       data: what either server writes, letter for letter
//	LookAlike   Apache reads it as the data of an exact name; we never do
//	Unfinished  a file of ours under its temporary name; recovery removes it
//	Beside      a file that belongs in the directory and is not data
//	Foreign     anything else; nobody reads it
//
// Nothing but Exact and Unfinished is ever removed by a server.
//
// Read names.go, then its test, which has a table of what Apache does.
package names
