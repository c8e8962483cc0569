// Package matrix runs foreign ZooKeeper clients against a server, Apache's or Quoll's, and keeps
// the results.
//
// Each client is a program in its own language that is given host:port and talks to its runner
// in lines. A fresh server on a fresh directory serves one client.
//
//	client                                   runner
//	  PASS name             -- stdout -->      one check held
//	  FAIL name: why        -- stdout -->      one check did not
//	  RESTART | CRASH       -- stdout -->      SIGTERM | SIGKILL to the server, start it again
//	                        <-- stdin --       RESTARTED
//	  PAUSE millis          -- stdout -->      SIGSTOP to the client, wait, SIGCONT
//	                        <-- stdin --       RESUMED
//	  anything else         -- stdout -->      kept in the log
//
// Shells have no checks of their own: for them script.go types the commands of a script and
// waits for the lines that it expects.
//
// Invariants: the zoo.cfg is the same whatever the server, so a check that passes against Apache
// and fails against Quoll is a difference between the two; every run is bounded in time; a
// process is ended by its own id, and no run leaves one behind. Programs are built and packages
// installed below the .cache directory, which git ignores.
//
// One goroutine per run reads the client's output and obeys it; it owns the server.
//
// Read client.go, then run.go, script.go, install.go and results.go.
package matrix
