// Package contest lets many workers want the same thing at the same time while their connections
// break, their sessions end and the server dies, and judges by the history of what each of them was
// told whether the recipe has kept its promise.
//
//	worker --> client --> proxy --+
//	worker --> client --> proxy --+--> server      nemesis: cuts, drops, pauses, kills
//	worker --> client --> proxy --+
//	   |
//	   +--> history --> judged by porcupine, and by what the holders believed
//
// What a history must satisfy:
//
//	exclusive   whoever takes has a higher token than all before. A write under Check happens
//	            while nobody has taken since, and finds the value that it has read: no write is
//	            lost, none is doubled, none is late
//	counting    every sum is one more than that before
//	handing     an item is taken once at most, and only when it was put
//	taken       none is lost but by a take without an answer; some are left at the end
//	received    none is lost; none is delivered again but after the loss of who had it
//	shared      those who have leases never have more than there are
//
// Besides, whoever takes looks at all others of the process: they must know of their loss by then.
//
// A write without an answer may have happened at any time until the end, or not at all.
//
// Contest is what the workers share, behind its mutex. Run's goroutine is the nemesis.
//
// Read contest.go, nemesis.go, then exclusive.go, shared.go, counting.go,
// handing.go and items.go.
package contest
