package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/dump"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/place"
	"quoll/internal/shell/progress"
	"quoll/internal/shell/verb"
)

// exportFlags are the flags of export.
type exportFlags struct {
	out                  string
	noEphemerals, resume bool
}

// Export is the verb export.
func Export() verb.Verb {
	var o exportFlags
	return verb.Verb{
		Name: "export", Args: "PATH", Min: 1, Max: 1,
		Short: "Write a node and all below it as JSON, a line a node",
		Long: "With --out the file has the name FILE.part until it is whole; --resume goes on\n" +
			"with that. It is no snapshot: a tree that changes is exported as it was found.",
		Example: "quoll export /app --out app.jsonl --timeout 0\nquoll export /app | gzip > app.gz",
		Flags: func(f *pflag.FlagSet) {
			f.StringVar(&o.out, "out", "", "write to `FILE`, not to standard output")
			f.BoolVar(&o.noEphemerals, "no-ephemerals", false, "leave out ephemeral nodes")
			f.BoolVar(&o.resume, "resume", false, "go on with FILE.part")
		},
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if o.resume && o.out == "" {
				return fault.Usage("--resume is for --out")
			}
			src, err := place.Open(ctx, e, args[0])
			if err != nil {
				return err
			}
			defer src.Close()
			if err := src.Server(); err != nil {
				return err
			}
			return o.run(ctx, e, src)
		},
	}
}

func (o *exportFlags) run(ctx context.Context, e *verb.Env, src *place.Place) error {
	stat, there, err := src.Client.Exists(ctx, src.Path)
	if err == nil && !there {
		err = &client.Error{Op: "export", Path: src.Path, Err: client.ErrNoNode}
	}
	if err != nil {
		return err
	}
	zxid := max(stat.Mzxid, stat.Pzxid).String()
	if o.out == "" {
		w, err := dump.NewWriter(e.Stdout, src.Path, zxid)
		if err != nil {
			return err
		}
		no := verb.NewDenied(e)
		return errors.Join(o.write(ctx, src, w, "", no), no.Err())
	}
	part := o.out + ".part"
	f, w, after, err := o.open(part, src.Path, zxid)
	if err != nil {
		return err
	}
	no := verb.NewDenied(e)
	no.Known(w.Denied())
	err = o.write(ctx, src, w, after, no)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%d nodes are in %s, and --resume goes on: %w", w.Nodes(), part, err)
	}
	if err := os.Rename(part, o.out); err != nil {
		return err
	}
	r := &exported{Path: src.Path, File: o.out, Nodes: w.Nodes() - w.Denied()}
	return errors.Join(e.Out.Item(r), no.Err())
}

// write writes the nodes behind one of them.
func (o *exportFlags) write(
	ctx context.Context, src *place.Place, w *dump.Writer, after string, no *verb.Denied,
) error {
	line := progress.New(no.Env, "exported")
	defer line.End()
	read := place.Options{Data: true, ACL: true, After: after, Denied: true}
	for n, err := range src.Nodes(ctx, read) {
		if n.Denied {
			no.Node(dump.Join(src.Path, n.Path))
		}
		if err == nil && (!o.noEphemerals || n.Stat.EphemeralOwner == 0) {
			line.Step()
			err = w.Node(n)
		}
		if err != nil {
			return errors.Join(err, w.Flush())
		}
	}
	return w.End()
}

// open opens the file that is not whole yet. after is the last node that is in it.
func (o *exportFlags) open(
	part, root, zxid string,
) (f *os.File, w *dump.Writer, after string, err error) {
	if o.resume {
		f, err = os.OpenFile(part, os.O_RDWR, 0)
		if err == nil {
			w, after, err = resume(f, root)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return f, w, after, err
		}
	}
	if f, err = os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err == nil {
		w, err = dump.NewWriter(f, root, zxid)
	}
	return f, w, "", err
}

// resume cuts off what is not whole, and goes on behind the rest.
func resume(f *os.File, root string) (w *dump.Writer, after string, err error) {
	r, err := dump.NewReader(f, f.Name())
	if err != nil {
		return nil, "", err
	}
	if r.Header.Root != root {
		return nil, "", fault.Usage("%s is an export of %s", f.Name(), r.Header.Root)
	}
	for _, err = range r.All() {
		if err != nil {
			break
		}
	}
	if err != nil && !errors.Is(err, dump.ErrCutOff) {
		return nil, "", err
	}
	if r.Nodes > 0 {
		after = dump.Join(root, r.Last)
	}
	if err = f.Truncate(r.Offset); err == nil {
		_, err = f.Seek(r.Offset, io.SeekStart)
	}
	return dump.Resume(f, root, r.Nodes, r.Denied), after, err
}

// exported is a file that was written.
type exported struct {
	Path  string `json:"path"`
	File  string `json:"file"`
	Nodes int    `json:"nodes"`
}

// Text is one line.
func (r *exported) Text(p *output.Page) {
	p.Line("exported ", p.Name(r.Path), " to ", p.Name(r.File), ": ", strconv.Itoa(r.Nodes),
		" nodes")
}
