// Package tell names what happens to clients, as far as an operator may look for it in the log:
// sessions that begin and end, connections that are refused or cut off, and why.
//
// An Event is typed facts: what, from which address, in which session, and a number or two. The
// code that meets it hands it over (Teller) and goes on: nothing is formatted, counted or written
// where requests are handled. The listener decides what the log says, and how often.
//
// Invariants: an Event keeps nothing but itself alive, and a client's text in it is clipped.
package tell
