package transfer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/dump"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/place"
	"quoll/internal/shell/verb"
)

type nodeSeq = iter.Seq2[dump.Node, error]

// mvFlags are the flags of mv.
type mvFlags struct {
	cpFlags
	max   int
	force bool
}

// What moves in one transaction: so many nodes and bytes at most.
const (
	atomicNodes = 500
	atomicBytes = 512 << 10
)

// Mv is the verb mv.
func Mv() verb.Verb {
	var o mvFlags
	return verb.Verb{
		Name: "mv", Args: "SRC DST", Min: 2, Max: 2, Writes: true, DryRun: true,
		Short: "Move a node and all below it, to another server too",
		Long: "Counts first, and asks. Up to 500 nodes move in one transaction, if they stay on\n" +
			"the server and nothing is replaced; else they are copied first and deleted then,\n" +
			"and what has changed meanwhile stays. A move with ephemeral nodes is refused.",
		Example: "quoll mv -R /app/old /app/new\nquoll mv -R --yes /app archive:/app",
		Flags: func(f *pflag.FlagSet) {
			o.flags(f, true)
			f.IntVar(&o.max, "max", 10_000, "`N` nodes at most, unless --force")
			f.BoolVar(&o.force, "force", false, "also /zookeeper, and more than --max")
		},
		Complete: place.Complete,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			return place.Both(ctx, e, args, func(src, dst *place.Place) error {
				if err := errors.Join(src.Server(), dst.Server()); err != nil {
					return err
				}
				if src.Path == "/" || src.Holds(dst) {
					return fault.Usage("%s cannot be moved to %s", src.Arg, dst.Arg)
				}
				return o.run(ctx, e, src, dst)
			})
		},
	}
}

// toMove is what mv has found at SRC.
type toMove struct {
	nodes []moving
	bytes int
}

type moving struct {
	path    string // below the root
	version int32
}

func (o *mvFlags) run(ctx context.Context, e *verb.Env, src, dst *place.Place) error {
	all, err := o.count(ctx, src)
	if err != nil {
		return err
	}
	if err := o.check(ctx, e, src, dst); err != nil {
		return err
	}
	d := src.Danger(fmt.Sprintf("move %d nodes from %s to %s", len(all.nodes), src.Arg, dst.Arg))
	d.Count, d.Max, d.Force = len(all.nodes), o.max, o.force
	if dst.System() && !o.force {
		return fault.Usage("%s: %s needs --force", d.What, dst.Path)
	}
	err = e.Confirm(ctx, d)
	if err == nil {
		err = dst.Writable(ctx, e, "move to "+dst.Arg)
	}
	if err == nil {
		err = src.Writable(ctx, e, "move from "+src.Arg)
	}
	if err != nil {
		return err
	}
	if !e.Set.DryRun {
		if err := o.move(ctx, src, dst, all); err != nil {
			return err
		}
	}
	return e.Out.Item(&copied{
		Source: src.Arg, Destination: dst.Arg, Copied: len(all.nodes),
		dry: e.Set.DryRun, moved: true,
	})
}

// count finds what there is to move.
func (o *mvFlags) count(ctx context.Context, src *place.Place) (*toMove, error) {
	all := &toMove{}
	for n, err := range src.Nodes(ctx, place.Options{}) {
		if err != nil {
			return nil, err
		}
		path := dump.Join(src.Path, n.Path)
		if n.Stat.EphemeralOwner != 0 {
			return nil, &fault.Error{
				Code: fault.CodeError, Name: "Ephemeral", Err: fmt.Errorf(
					"%s belongs to session %v, and cannot be moved", path, n.Stat.EphemeralOwner),
			}
		}
		if n.Path != "" && !o.recursive {
			return nil, &client.Error{Op: "mv", Path: src.Path, Err: client.ErrNotEmpty}
		}
		all.nodes = append(all.nodes, moving{n.Path, n.Stat.Version})
		all.bytes += 2*len(path) + int(n.Stat.DataLength)
	}
	return all, nil
}

func (o *mvFlags) move(ctx context.Context, src, dst *place.Place, all *toMove) error {
	small := len(all.nodes) <= atomicNodes && all.bytes <= atomicBytes
	if small && !o.overwrite && src.Client == dst.Client {
		return o.atomic(ctx, src, dst)
	}
	w := o.writer(dst)
	var versions []moving // of what was copied
	for n, err := range src.Nodes(ctx, place.Options{Data: true, ACL: o.acl}) {
		if err == nil {
			err = w.Put(ctx, n)
		}
		if err != nil {
			return unfinished(w.Written, err)
		}
		w.Count(n)
		versions = append(versions, moving{n.Path, n.Stat.Version})
	}
	err := w.Flush(ctx)
	if err == nil {
		err = w.Raise(ctx)
	}
	if err != nil {
		return unfinished(w.Written, err)
	}
	return remove(ctx, src, versions)
}

// remove deletes what was copied, unless it has changed meanwhile.
func remove(ctx context.Context, src *place.Place, nodes []moving) error {
	for _, n := range slices.Backward(nodes) {
		err := src.Client.Delete(ctx, dump.Join(src.Path, n.path), n.version)
		if err != nil && !errors.Is(err, client.ErrNoNode) {
			return fmt.Errorf("all is copied, and not all deleted: %w", err)
		}
	}
	return nil
}

// atomic moves all in one transaction: a node that has changed since it was read makes it fail.
func (o *mvFlags) atomic(ctx context.Context, src, dst *place.Place) error {
	var creates, deletes []client.Op
	w := o.writer(dst)
	for n, err := range src.Nodes(ctx, place.Options{Data: true, ACL: o.acl}) {
		if err != nil {
			return err
		}
		var opts []client.CreateOption
		if o.acl {
			opts = append(opts, client.WithACL(n.ACL...))
		}
		creates = append(creates, client.OpCreate(dump.Join(dst.Path, n.Path), n.Data, opts...))
		deletes = append(deletes, client.OpDelete(dump.Join(src.Path, n.Path), n.Stat.Version))
		w.Count(n)
	}
	slices.Reverse(deletes)
	if _, err := src.Client.Multi(ctx, append(creates, deletes...)...); err != nil {
		return err
	}
	return w.Raise(ctx)
}
