package recipes

import (
	"context"
	"log/slog"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Held is something that this process holds as long as its session lives: a lock, a term of office.
// It has the methods
//
//	Path() string                  // of its node
//	Token() client.Zxid            // grows with each holder: for fencing outside ZooKeeper
//	Check() client.Op              // first operation of a Multi: makes it fail once this is lost
//	Lost() <-chan struct{}         // closed when it is not held any more; stays closed
//	Err() error                    // nil while it is held; then ErrLost, with the reason
//	Context() context.Context      // ends with Lost; its cause wraps ErrLost
//	Release(context.Context) error // gives it up
//
// Lost is closed by the client's own clock, at the latest when the servers may have ended the
// session, whether or not there is a connection; when the node is deleted; and on Release. What a
// program does between the moment when it looks at Lost and the moment when its work arrives
// somewhere is not covered by Lost. Token and Check are for that:
//
// Token is the czxid of the node. A system that keeps the highest token it has seen, and refuses
// lower ones, refuses whoever has lost the lock. Tokens can be compared within one history of one
// ensemble, not across a restore from a backup.
//
// Check makes a Multi fail with client.ErrNoNode when the node is gone, so writes to ZooKeeper
// itself need nothing else.
//
// Release deletes the node and waits for that. If ctx ends before, Release returns its error and
// the deletion goes on in the background until it is done or the session has ended. It may be
// called any number of times.
type Held = hold.Held

// HeldFrom is what is held while a function runs that was called with ctx by Do of a lock or Run of
// an election: the innermost, if there are several. The function needs it for Check.
func HeldFrom(ctx context.Context) (*Held, bool) { return hold.From(ctx) }

// Errors of the recipes. Those of the client come through as they are.
//
// read-only: the errors of package hold.
var (
	// ErrLost: the thing was held, or waited for, and is not any more. The text says why.
	ErrLost = hold.ErrLost
	// ErrBusy: somebody else holds it.
	ErrBusy = hold.ErrBusy
	// ErrRevoked: who waited for it was asked to leave. A holder is told by lock.Revoked.
	ErrRevoked = hold.ErrRevoked
	// ErrFull: the limit that the recipe was given is reached.
	ErrFull = hold.ErrFull
	// ErrStopped: the object was closed.
	ErrStopped = hold.ErrStopped
	// ErrLayout: below the path there is a node of another layout or recipe, whose owner does not
	// see the nodes of this one.
	ErrLayout = hold.ErrLayout
)

// Layout is whose names the nodes of a recipe have. All who share a path must use the same.
type Layout = hold.Layout

// The layouts.
const (
	Curator = hold.Curator // Apache Curator's names, the default
	Kazoo   = hold.Kazoo   // those of kazoo, the client for Python
)

// Option changes how a recipe works.
type Option = hold.Option

// WithLayout says whose names the nodes have.
func WithLayout(l Layout) Option { return func(o *hold.Options) { o.Layout = l } }

// WithACL is the ACL of all nodes that are made, of those above too. All who share a path must be
// allowed to read, create and delete. The default is client.World.
func WithACL(acl ...client.ACL) Option { return func(o *hold.Options) { o.ACL = acl } }

// WithData is the data of the node: it tells others who waits and who holds.
func WithData(id []byte) Option { return func(o *hold.Options) { o.Data = id } }

// WithLogger logs what was given up, and nodes that cannot be deleted.
func WithLogger(l *slog.Logger) Option { return func(o *hold.Options) { o.Logger = l } }

// WithMaxWaiters makes an attempt fail with ErrFull if more than n are in front of it. The list of
// all who wait must stay below the largest reply, which is 1 MiB by default: about 15,000.
func WithMaxWaiters(n int) Option { return func(o *hold.Options) { o.MaxWaiters = n } }
