// Package admin answers the four-letter words, registers the numbers that mntr prints besides those
// of package metrics, and writes the audit log.
//
//	"mntr" --> Commands.Word --> facts --> page --> one answer, one write, close
//	              |  read, each under its own lock, for a short time:
//	              +- lane.Shared   what the lanes and connections have shown
//	              +- datatree           views
//	              +- metrics.Server     the registry
//	              +- Deps               what only the assembly knows
//
// The answers have the form of Apache ZooKeeper 3.9.5, byte for byte, with one exception: the date
// of the build has the form of ZooKeeper until 3.6, because every parser reads that form.
//
// The content of an answer is a struct (ServerFacts, DumpFacts, ...), which another interface can
// use too; the page prints it. Word is called on event loops and only finds the command. A quick
// answer is made on the loop. Any other answer is made on a goroutine of its own, where it may look
// at every connection, list a directory, and wait for the core. Long lists are read in pieces, and
// no lock is held for more than one piece. An answer has a largest size; a dump that is longer ends
// behind a whole line.
//
// Audit takes text from the core and writes it on a goroutine of its own. The text that waits is
// bounded. Further lines are dropped and counted, because the core must not wait for the writer.
//
// Read words.go (the table of words), then short_words.go, connections.go, watches.go, dump.go,
// environment.go, monitor.go (the numbers of mntr), ensemble.go (what a member tells beside) and
// audit.go with audit_format.go.
package admin
