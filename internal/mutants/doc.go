// Package mutants proves that the tests of an ensemble notice when one of its rules is broken. Each
// file of testdata is a mutant: one small edit of the product, and the test that must fail with it.
//
//	A follower acknowledges a proposal before it is on disk.   what is broken
//	go test ./quorum/zab -run ^TestLearnerRandomly$            the test that kills it
//	--- a/quorum/zab/learner_log.go                            a unified diff
//	+++ b/quorum/zab/learner_log.go
//	@@ -169,3 +169,3 @@
//
// Those whose names begin with sim are killed by whole servers: by the first twenty ensembles of
// internal/sim. The others have a test of their own room.
//
// make mutants runs them all. A mutant is killed if the test passes on the tree as it is, and
// fails, with the same flags and seeds, on the edited one. An edit that does not compile is an
// error, and so is a test that comes to no end. The tree itself is not touched: the compiler is
// told to read the edited file in place of the real one.
//
// Every run of the tests checks that each patch still applies. The line numbers of a diff do not
// count, but the lines that it names must stand in the file exactly once. Whoever moves such a line
// edits the patch too, and whoever moves a rule moves its mutant.
//
// Read patch.go, then run.go.
package mutants
