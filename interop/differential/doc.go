// Command differential sends one program of requests to two ZooKeeper servers, Apache's and ours,
// and compares every byte that they answer.
//
//	go run ./interop/differential -seed 7 -requests 100000
//
// A program is made from its seed, step by step (package program). A step is played on both servers
// at once, and what they did because of it is compared (package player):
//
//	program --step--> player --frames--> Apache --replies, events--> masks --\
//	    ^                \---- frames--> Quoll  --replies, events--> masks ---> compare
//	    |                                   |
//	    +------------ hints <---------------+ (Apache's answers)
//
// On the first difference the run ends: it prints the seed, the step, the requests of the step and
// both answers field by field. With -shrink it then leaves out steps, on fresh servers each time,
// as long as the difference stays. With -explore it goes on, and counts differences by their kind.
//
// A goroutine plays the second server while the first is played. Read main.go, run.go (a program on
// two servers, and what is left out of one that differs), servers.go (how they are started), then
// the packages program and player.
package main
