package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/dump"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/place"
	"quoll/internal/shell/verb"
)

// cpFlags are the flags of cp, and some of mv.
type cpFlags struct{ recursive, overwrite, acl bool }

func (o *cpFlags) flags(f *pflag.FlagSet, acl bool) {
	f.BoolVarP(&o.recursive, "recursive", "R", false, "all nodes below too")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace the data of nodes that are there")
	f.BoolVar(&o.acl, "acl", acl, "with their ACLs")
}

// Cp is the verb cp.
func Cp() verb.Verb {
	var o cpFlags
	return verb.Verb{
		Name: "cp", Args: "SRC DST", Min: 2, Max: 2, Writes: true, DryRun: true,
		Short: "Copy a node, to another server too",
		Long: "SRC and DST are paths; NAME:/path is one on the servers of a context, file:NAME\n" +
			"a file with the data of one node. DST is the path of the copy itself.",
		Example: "quoll cp /app/config /app/config.old\nquoll cp -R /app staging:/app\n" +
			"quoll cp file:logo.png /app/logo",
		Flags:    func(f *pflag.FlagSet) { o.flags(f, false) },
		Complete: place.Complete,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			return place.Both(ctx, e, args, func(src, dst *place.Place) error {
				if src.File != "" && dst.File != "" {
					return fault.Usage("%s and %s are both files", src.Arg, dst.Arg)
				}
				if err := dst.Writable(ctx, e, "copy to "+dst.Arg); err != nil {
					return err
				}
				if src.File != "" || dst.File != "" {
					return o.file(ctx, e, src, dst)
				}
				return o.nodes(ctx, e, src, dst)
			})
		},
	}
}

// file copies the data of one node from or to a file.
func (o *cpFlags) file(ctx context.Context, e *verb.Env, src, dst *place.Place) error {
	if o.recursive || o.acl {
		return fault.Usage("a file has the data of one node; export and import are for more")
	}
	r := &copied{Source: src.Arg, Destination: dst.Arg, Copied: 1, dry: e.Set.DryRun}
	if src.File != "" {
		data, err := os.ReadFile(src.File)
		if err == nil && !e.Set.DryRun {
			err = o.one(ctx, dst, dump.Node{Data: data})
		}
		if err != nil {
			return err
		}
		return e.Out.Item(r)
	}
	data, _, err := src.Client.Get(ctx, src.Path)
	if err == nil && !e.Set.DryRun {
		err = o.writeFile(dst.File, data)
	}
	if err != nil {
		return err
	}
	return e.Out.Item(r)
}

func (o *cpFlags) writeFile(name string, data []byte) error {
	how := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if !o.overwrite {
		how |= os.O_EXCL
	}
	f, err := os.OpenFile(name, how, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return &fault.Error{Code: fault.CodeConflict, Name: "FileExists", Err: err,
			Hint: "--overwrite replaces it"}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func (o *cpFlags) writer(dst *place.Place) *place.Writer {
	w := &place.Writer{Client: dst.Client, Root: dst.Path, ACL: o.acl}
	if o.overwrite {
		w.Mode = place.Overwrite
	}
	return w
}

// one writes the root of a copy.
func (o *cpFlags) one(ctx context.Context, dst *place.Place, n dump.Node) error {
	w := o.writer(dst)
	if err := w.Put(ctx, n); err != nil {
		return err
	}
	return w.Flush(ctx)
}

// nodes copies a node, and with -R all below it.
func (o *cpFlags) nodes(ctx context.Context, e *verb.Env, src, dst *place.Place) error {
	if err := o.check(ctx, e, src, dst); err != nil {
		return err
	}
	r := &copied{Source: src.Arg, Destination: dst.Arg, dry: e.Set.DryRun}
	w, no := o.writer(dst), verb.NewDenied(e)
	for n, err := range o.source(ctx, src) {
		if err != nil {
			return unfinished(r.Copied, err)
		}
		if n.Denied {
			no.Node(dump.Join(src.Path, n.Path))
			continue
		}
		if n.Stat.EphemeralOwner != 0 && n.Path != "" {
			r.Left++
			continue
		}
		if !e.Set.DryRun {
			if err := w.Put(ctx, n); err != nil {
				return unfinished(w.Written, err)
			}
		}
		r.Copied++
	}
	if err := w.Flush(ctx); err != nil {
		return unfinished(w.Written, err)
	}
	if r.Left > 0 {
		e.Note("left out: %d ephemeral nodes", r.Left)
	}
	return errors.Join(e.Out.Item(r), no.Err())
}

// check refuses what cannot go well.
func (o *cpFlags) check(ctx context.Context, e *verb.Env, src, dst *place.Place) error {
	if src.Holds(dst) && (o.recursive || src.Path == dst.Path) {
		return fault.Usage("%s is %s, or below it", dst.Arg, src.Arg)
	}
	if !e.Set.DryRun || o.overwrite {
		return nil
	}
	_, there, err := dst.Client.Exists(ctx, dst.Path)
	if err == nil && there {
		err = &client.Error{Op: "create2", Path: dst.Path, Err: client.ErrNodeExists}
	}
	return err
}

// source are the nodes to copy.
func (o *cpFlags) source(ctx context.Context, src *place.Place) nodeSeq {
	all := src.Nodes(ctx, place.Options{Data: true, ACL: o.acl, Denied: true})
	if o.recursive {
		return all
	}
	return func(yield func(dump.Node, error) bool) {
		for n, err := range all {
			yield(n, err)
			return
		}
	}
}

// unfinished tells how far a copy has come.
func unfinished(n int, err error) error {
	if n == 0 {
		return err
	}
	return fmt.Errorf("%d nodes copied: %w", n, err)
}

// copied is what was copied or moved.
type copied struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Copied      int    `json:"copied"`
	Left        int    `json:"left"` // ephemeral nodes

	dry   bool
	moved bool
}

// Text is silent of one node, as cp is.
func (r *copied) Text(p *output.Page) {
	did := "copied "
	switch {
	case r.dry && r.moved:
		did = "would move "
	case r.dry:
		did = "would copy "
	case r.moved:
		did = "moved "
	case r.Copied == 1:
		return
	}
	p.Line(did, p.Name(r.Source), " to ", p.Name(r.Destination), ": ", strconv.Itoa(r.Copied),
		" nodes")
}
