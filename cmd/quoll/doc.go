// Command quoll is a ZooKeeper server and its tools in one binary.
//
// Each subcommand has one file. It reads flags, calls a room of internal/ or a
// public package, and returns an error. main turns that error into one line on
// standard error and an exit code. The codes are those of Apache's server:
//
//	0   done
//	1   the port is in use, or another error that has no code of its own
//	2   the command line or the configuration is wrong
//	3   a data directory is missing, cannot be written, or is used by another server
//	4   the AdminServer did not start
//	10  the transaction log cannot be written
//
// The verbs that look at nodes and change them (ls, get, set, ...) are those of the shell, and have
// the exit codes of internal/shell/fault.
//
// Read main.go, then server.go with signals.go and processors.go; config.go with names.go, log.go,
// snapshot.go and sim.go are the other subcommands; verbs.go, shell.go and completion.go are about
// those of the shell.
package main
