// Package transcript plays schedules that stand in text files, for tests of state machines that
// people want to read.
//
//	# A learner that has less gets the rest.     a comment
//	> log 4:1 4:2                                a command
//	> 10 ACKEPOCH 4:1 4                          another one
//	    10 <- DIFF 4:2                           what it led to
//	    10 <- PROPOSAL 4:2
//
// The commands are the caller's. A file is right if the machine does the same when the commands are
// given to it again.
package transcript
