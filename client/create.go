package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"quoll/client/internal/calls"
	"quoll/jute"
)

// CreateOption says what kind of node a create makes. Without one it is a persistent node that
// anyone may do anything with.
type CreateOption func(*createOptions)

type createOptions struct {
	ephemeral, sequential, container bool
	parents, protected               bool
	ttl                              time.Duration
	acl                              []ACL
}

// Ephemeral makes a node that goes with the session. It cannot have children.
func Ephemeral(o *createOptions) { o.ephemeral = true }

// Sequential puts a number of ten digits behind the name, which only grows below one parent. It
// wraps to negative numbers after 2³¹-1.
func Sequential(o *createOptions) { o.sequential = true }

// Container makes a node that the server deletes once it had children and has none any more (3.5).
func Container(o *createOptions) { o.container = true }

// TTL makes a node that the server deletes when it had no child and no change for d (3.5.3, and
// only if zookeeper.extendedTypesEnabled is set there).
func TTL(d time.Duration) CreateOption { return func(o *createOptions) { o.ttl = d } }

// WithACL gives the node an ACL.
func WithACL(acl ...ACL) CreateOption { return func(o *createOptions) { o.acl = acl } }

// Parents makes missing nodes above the node, persistent, with the same ACL and no data. It is not
// for the creates of a Multi.
func Parents(o *createOptions) { o.parents = true }

// Protected puts "_c_<uuid>-" before the name, as Curator does. When the connection breaks before
// the answer, the client looks for the node by that name on the same session, and makes it if it is
// not there: the create happens once. It is not for the creates of a Multi.
func Protected(o *createOptions) { o.protected = true }

func created(opts []CreateOption) createOptions {
	o := createOptions{}
	for _, opt := range opts {
		opt(&o)
	}
	if o.acl == nil {
		o.acl = World()
	}
	return o
}

// operation is the request that makes such a node: which one, with which flags.
func (o *createOptions) operation() (jute.OpCode, jute.CreateMode, error) {
	refuse := func(why string) (jute.OpCode, jute.CreateMode, error) {
		return jute.OpCreate2, 0, fmt.Errorf("%w: %s", ErrBadArguments, why)
	}
	switch {
	case o.container && (o.ephemeral || o.sequential || o.ttl != 0):
		return refuse("a container is nothing else")
	case o.ttl != 0 && o.ephemeral:
		return refuse("an ephemeral node has no TTL")
	case o.ttl != 0 && (o.ttl < time.Millisecond || o.ttl.Milliseconds() >= 1<<40):
		return refuse(fmt.Sprintf("TTL %v is not between 1 ms and 2⁴⁰ ms", o.ttl))
	case o.container:
		return jute.OpCreateContainer, jute.ModeContainer, nil
	case o.ttl != 0 && o.sequential:
		return jute.OpCreateTTL, jute.ModePersistentSequentialTTL, nil
	case o.ttl != 0:
		return jute.OpCreateTTL, jute.ModePersistentTTL, nil
	case o.ephemeral && o.sequential:
		return jute.OpCreate2, jute.ModeEphemeralSequential, nil
	case o.ephemeral:
		return jute.OpCreate2, jute.ModeEphemeral, nil
	case o.sequential:
		return jute.OpCreate2, jute.ModePersistentSequential, nil
	}
	return jute.OpCreate2, jute.ModePersistent, nil
}

// Create makes a node. It returns the path that the node got.
func (c *Client) Create(
	ctx context.Context, path string, data []byte, opts ...CreateOption,
) (name string, st Stat, err error) {
	o := created(opts)
	if o.protected {
		return c.createProtected(ctx, path, data, &o)
	}
	return c.create(ctx, path, data, &o)
}

// create makes a node, and those above it if that is wanted.
func (c *Client) create(
	ctx context.Context, path string, data []byte, o *createOptions,
) (string, Stat, error) {
	name, stat, err := c.createOnce(ctx, path, data, o)
	if !o.parents || !errors.Is(err, ErrNoNode) {
		return name, stat, err
	}
	above := createOptions{acl: o.acl, parents: true}
	_, _, err = c.create(ctx, parent(path), nil, &above)
	if err != nil && !errors.Is(err, ErrNodeExists) {
		return "", Stat{}, err
	}
	return c.createOnce(ctx, path, data, o)
}

// parent is the path of the node above.
func parent(path string) string {
	if at := strings.LastIndexByte(path, '/'); at > 0 {
		return path[:at]
	}
	return "/"
}

func (c *Client) createOnce(
	ctx context.Context, path string, data []byte, o *createOptions,
) (string, Stat, error) {
	call, err := c.createCall(path, data, o)
	if err != nil {
		return "", Stat{}, err
	}
	if err := c.do(ctx, call, path); err != nil {
		return "", Stat{}, err
	}
	return c.made(call, path)
}

func (c *Client) createCall(
	path string, data []byte, o *createOptions,
) (*calls.Call, error) {
	op, mode, err := o.operation()
	if err != nil {
		return nil, c.fail(op, path, err)
	}
	// The name of a sequential node may be empty, because the number follows.
	full := path
	if o.sequential {
		full += "0"
	}
	call, err := c.call(op, calls.Write, full)
	if err != nil {
		return nil, err
	}
	if o.sequential {
		call.Path = call.Path[:len(call.Path)-1]
	}
	r := jute.CreateTTLRequest{
		CreateRequest: jute.CreateRequest{Path: call.Path, Data: data, ACL: o.acl, Flags: mode},
		TTL:           o.ttl.Milliseconds(),
	}
	if op == jute.OpCreateTTL {
		encode(call, &r)
	} else {
		encode(call, &r.CreateRequest)
	}
	return call, nil
}

// made decodes the reply of a create.
func (c *Client) made(call *calls.Call, path string) (string, Stat, error) {
	var r jute.PathStat
	d := jute.Decoder(call.Reply)
	r.Fields(&d)
	name := c.relative(string(r.Path))
	return name, r.Stat, c.decoded(call, path, &d)
}

// createProtected makes a node under a name that no other create has, and settles an unknown
// outcome.
func (c *Client) createProtected(
	ctx context.Context, path string, data []byte, o *createOptions,
) (string, Stat, error) {
	at := strings.LastIndexByte(path, '/') + 1
	prefix := "_c_" + newUUID() + "-"
	session := c.Session()
	for {
		name, stat, err := c.create(ctx, path[:at]+prefix+path[at:], data, o)
		if !errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, ErrConnectionLoss) {
			return name, stat, err
		}
		name, stat, found, search := c.findProtected(ctx, parent(path), prefix, o)
		switch {
		case search != nil:
			return "", Stat{}, c.fail(jute.OpCreate2, path, fmt.Errorf("%w, and %w", err, search))
		case found:
			return name, stat, nil
		case session != nil && c.Session().ID() != session.ID():
			return "", Stat{}, c.fail(jute.OpCreate2, path, unknown(ErrSessionExpired))
		}
	}
}

// findProtected looks for a node that a create has made whose answer did not come. The server that
// the client has come back to carries out nothing of the old connection any more, so that what is
// not there now will not be there later.
func (c *Client) findProtected(
	ctx context.Context, dir, prefix string, o *createOptions,
) (name string, stat Stat, found bool, err error) {
	if err := c.Sync(ctx, dir); err != nil {
		return "", Stat{}, false, err
	}
	names, _, err := c.Children(ctx, dir)
	if errors.Is(err, ErrNoNode) {
		return "", Stat{}, false, nil
	}
	if err != nil {
		return "", Stat{}, false, err
	}
	for _, child := range names {
		if !strings.HasPrefix(child, prefix) {
			continue
		}
		path := strings.TrimSuffix(dir, "/") + "/" + child
		stat, found, err := c.Exists(ctx, path)
		if err == nil && found && o.ephemeral && stat.EphemeralOwner != c.Session().ID() {
			found = false
		}
		return path, stat, found, err
	}
	return "", Stat{}, false, nil
}

// newUUID is a random UUID of version 4.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
