// Package reference is what ZooKeeper's reference says, as tables that can be run against any
// server: which permission each operation needs, which version arguments pass, which writes a
// server must refuse. A table sends requests through package client and compares the answers with
// what it holds; it knows nothing of the server behind the address.
//
//	tables --client--> this repository's server   internal/server, with Go alone
//	                   Apache ZooKeeper 3.9.5     interop/reference: a table is right
//
// A table leaves nodes below a name of its own at the root. It is run once on a server. The one
// exception is Hostile: its refused rows are refused here alone, because Apache's server takes them
// and ends.
//
// The package holds no state. Read report.go; then the tables: permissions.go with events.go,
// versions.go, frames.go, sessions.go, hostile.go.
package reference
