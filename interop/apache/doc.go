// Package apache runs Apache ZooKeeper 3.9.5, the oracle that Quoll is compared with, and its
// command line tools. Everything comes by Maven coordinates from pom.xml; nothing of Apache's
// is kept in this repository.
//
//	pom.xml --mvn dependency:build-classpath, once--> ClassPath
//	ClassPath + zoo.cfg --java QuorumPeerMain--> Start -> *Server
//	ClassPath + file    --java SnapshotFormatter, TxnLogToolkit--> FormatSnapshot, DumpTxnLog
//	ClassPath + script  --java ZooKeeperMain--> ZKCli
//
// Tests that need the oracle call Start and skip on ErrNoJava: Quoll itself is built and tested
// with Go alone.
//
// The package holds no state. The class path is cached in a file below os.UserCacheDir, keyed by
// the text of pom.xml, and a lock file beside it lets one process at a time run Maven.
//
// Read server.go, then tools.go, then classpath.go.
package apache
