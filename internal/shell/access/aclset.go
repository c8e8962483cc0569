package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/acl"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/walk"
)

// aclFlags are the flags of acl set.
type aclFlags struct {
	version int32
	max     int

	stat, recursive, add, remove, force bool
}

// ACLSet is the verb acl set.
func ACLSet() verb.Verb {
	var o aclFlags
	return verb.Verb{
		Name: "acl set", Aliases: []string{"setAcl"}, Args: "PATH ACL", Min: 2, Max: 2,
		Writes: true, DryRun: true,
		Short: "Replace the ACL of a node, or change it",
		Long: "ACL is scheme:id:perms, several with commas; perms are letters of cdrwa: create,\n" +
			"delete, read, write, admin.",
		Example: "quoll acl set /app world:anyone:r,auth::cdrwa\n" +
			"quoll acl set --add /app ip:10.0.0.0/8:rw",
		Flags: func(f *pflag.FlagSet) {
			f.Int32VarP(&o.version, "version", "v", client.AnyVersion,
				"the `VERSION` of the ACL it has to have")
			f.BoolVarP(&o.stat, "stat", "s", false, "show the new Stat")
			f.BoolVarP(&o.recursive, "recursive", "R", false, "all nodes below too")
			f.BoolVar(&o.add, "add", false, "add these permissions to those there are")
			f.BoolVar(&o.remove, "remove", false, "take these permissions from those there are")
			f.IntVar(&o.max, "max", 10_000, "with -R: `N` nodes at most, unless --force")
			f.BoolVar(&o.force, "force", false, "also / and /zookeeper, and more than --max")
		},
		Complete: pathThenACL,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if o.add && o.remove {
				return fault.Usage("either --add or --remove")
			}
			path, err := e.Path(args[0])
			if err != nil {
				return err
			}
			change, err := acl.Parse(args[1])
			if err != nil {
				return err
			}
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			if o.recursive {
				return o.below(ctx, e, c, path, change)
			}
			return o.one(ctx, e, c, path, change)
		},
	}
}

// pathThenACL completes a path, and then how an entry of an ACL begins.
func pathThenACL(ctx context.Context, e *verb.Env, args []string, word string) []string {
	if len(args) != 1 {
		return verb.FirstPath(ctx, e, args, word)
	}
	begins := verb.OneOf("auth::", "digest:", "ip:", "sasl:", "world:anyone:", "x509:")
	return begins(ctx, e, nil, word)
}

// below changes a node and all below it.
func (o *aclFlags) below(
	ctx context.Context, e *verb.Env, c *client.Client, root string, change []client.ACL,
) error {
	n, err := c.Descendants(ctx, root)
	if err != nil {
		return err
	}
	err = e.Confirm(ctx, verb.Danger{
		What:  fmt.Sprintf("change the ACL of %d nodes at %s", n+1, root),
		Paths: []string{root}, Count: n + 1, Max: o.max, Force: o.force,
	})
	if err != nil {
		return err
	}
	e.Out.List()
	for node, err := range walk.Sorted(ctx, c, root, walk.Options{}) {
		if err == nil {
			err = o.one(ctx, e, c, node.Path, change)
		}
		if err != nil && !(errors.Is(err, client.ErrNoNode) && node.Depth > 0) {
			return err
		}
	}
	return nil
}

// one changes one node. Unless the ACL is replaced, another change meanwhile makes it begin again.
func (o *aclFlags) one(
	ctx context.Context, e *verb.Env, c *client.Client, path string, change []client.ACL,
) error {
	for {
		list, version, stat := change, o.version, client.Stat{}
		if o.add || o.remove || e.Set.DryRun {
			old, s, err := c.GetACL(ctx, path)
			if err != nil {
				return err
			}
			list, stat = o.changed(old, change), s
			if version == client.AnyVersion {
				version = s.Aversion
			}
		}
		var err error
		if !e.Set.DryRun {
			stat, err = c.SetACL(ctx, path, list, version)
		}
		if errors.Is(err, client.ErrBadVersion) && o.version == client.AnyVersion {
			continue
		}
		if err != nil {
			return err
		}
		r := result(path, list, stat, o.stat)
		r.quiet, r.several = !e.Set.DryRun, o.recursive
		return e.Out.Item(r)
	}
}

// changed is the ACL that comes of an old one.
func (o *aclFlags) changed(old, change []client.ACL) []client.ACL {
	if !o.add && !o.remove {
		return change
	}
	list := slices.Clone(old)
	for _, a := range change {
		at := slices.IndexFunc(list, func(b client.ACL) bool {
			return a.ID.Scheme == b.ID.Scheme && a.ID.ID == b.ID.ID
		})
		switch {
		case at < 0 && o.add:
			list = append(list, a)
		case at >= 0 && o.add:
			list[at].Perms |= a.Perms
		case at >= 0:
			list[at].Perms &^= a.Perms
		}
	}
	return slices.DeleteFunc(list, func(a client.ACL) bool { return a.Perms == 0 })
}
