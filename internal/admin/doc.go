// Package admin answers the four-letter words, names what mntr tells, and keeps the audit log.
//
//	"mntr" --> Commands.Word --> facts --> page --> one answer, one write, close
//	              |  read, each under its own lock, for a short time:
//	              +- lane.Shared   what the lanes and connections have shown
//	              +- datatree           views
//	              +- metrics.Server     the registry
//	              +- Deps               what only the assembly knows
//
// The shapes are those of Apache ZooKeeper 3.9.5, byte for byte, with one exception: the date of
// the build is written as ZooKeeper wrote it until 3.6, which every parser of it reads.
//
// What a word tells is a struct (ServerFacts, DumpFacts, ...), which any other way of asking can
// use too; the page prints it. Word is called on event loops and only finds the command. Its answer
// is made there if it is quick, else on a goroutine that may take its time: there it may look at
// every connection, list a directory, and wait for the core. No lock is held for more than a piece
// of what it guards. An answer has a largest size; a dump that is longer ends at a line.
//
// Audit takes what the core applied as text and writes it on a goroutine of its own. What is
// waiting is bounded; beyond that lines are dropped and counted, because the core waits for nobody.
//
// Read commands.go (the table of words), then words.go, connections.go, watches.go, dump.go,
// environment.go, monitor.go (what mntr adds to package metrics) and audit.go with audit_format.go.
package admin
