// Package tell names what happens to clients that whoever runs a server may look for in its log:
// sessions that begin and end, connections that are refused or cut off, and why.
//
// An Event is typed facts: what, from which address, in which session, and a number or two. Whoever
// meets it hands it over (Teller) and goes on: nothing is formatted, counted or written
// where requests are handled. What the log says, and how often, is the listener's business.
//
// Invariants: an Event keeps nothing alive but itself, and text of a client's in it is clipped.
package tell
