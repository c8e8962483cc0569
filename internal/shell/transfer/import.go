package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/place"
	"quoll/internal/shell/progress"
	"quoll/internal/shell/verb"
)

// importFlags are the flags of import.
type importFlags struct {
	to, mode, sessions string
	resume, acl, force bool

	max int
}

// maxRaised is how many numbers are passed over without --force, of all sequence counters together:
// each is a write.
const maxRaised = 1_000_000

// Import is the verb import.
func Import() verb.Verb {
	var o importFlags
	return verb.Verb{
		Name: "import", Args: "FILE|-", Min: 1, Max: 1, Writes: true, DryRun: true,
		Short: "Make the nodes of an export again",
		Long: "Reads the whole file first, and then writes. Sequence counters go on where those\n" +
			"of the exported nodes were. It is not atomic: --resume goes on after an error.",
		Example: "quoll export /app | quoll import - --to /copy\n" +
			"quoll import app.jsonl --to /restored --acl --timeout 0\n" +
			"quoll import app.jsonl --mode overwrite --sessions drop --yes",
		Flags: func(f *pflag.FlagSet) {
			f.StringVar(&o.to, "to", "", "the `PATH` of the root; else as it was exported")
			f.StringVar(&o.mode, "mode", "create",
				"`HOW` nodes that are there are met: create (an error), overwrite, skip")
			f.BoolVar(&o.resume, "resume", false,
				"nodes that are there with the same data are no error")
			f.BoolVar(&o.acl, "acl", false, "with their ACLs; else anyone may do anything")
			f.StringVar(&o.sessions, "sessions", "",
				"drop: leave out ephemeral nodes, which cannot be made again")
			f.IntVar(&o.max, "max", 10_000, "with overwrite: `N` nodes at most, unless --force")
			f.BoolVar(&o.force, "force", false, "also / and /zookeeper, and more than --max")
		},
		Values: map[string][]string{
			"mode": {"create", "overwrite", "skip"}, "sessions": {"drop"},
		},
		Complete: verb.Files,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if o.sessions != "" && o.sessions != "drop" {
				return fault.Usage("--sessions %s: it is drop", o.sessions)
			}
			mode, ok := map[string]place.Mode{
				"create": place.Create, "overwrite": place.Overwrite, "skip": place.Skip,
			}[o.mode]
			if !ok {
				return fault.Usage("--mode %s: create, overwrite or skip", o.mode)
			}
			file := args[0]
			if file == "-" {
				spool, err := spooled(e.Stdin)
				if err != nil {
					return err
				}
				defer os.Remove(spool)
				file = spool
			}
			src, err := place.Open(ctx, e, "file:"+file)
			if err != nil {
				return err
			}
			return o.run(ctx, e, src, mode)
		},
	}
}

// spooled makes a file of standard input, which can be read once, for what is read twice.
func spooled(in io.Reader) (name string, err error) {
	f, err := os.CreateTemp("", "quoll-import-")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, in)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("standard input: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func (o *importFlags) run(
	ctx context.Context, e *verb.Env, src *place.Place, mode place.Mode,
) error {
	all, err := o.survey(ctx, src)
	if err != nil {
		return err
	}
	to := o.to
	if to == "" {
		to = all.root
	}
	dst, err := place.Open(ctx, e, to)
	if err != nil {
		return err
	}
	defer dst.Close()
	if err := errors.Join(dst.Server(), o.permitted(ctx, e, dst, all, mode)); err != nil {
		return err
	}
	r := &imported{Path: dst.Path, Imported: all.nodes - all.ephemerals, Left: all.ephemerals}
	if all.denied > 0 {
		e.Note("%s lacks %d nodes with all below them: they could not be read",
			src.File, all.denied)
	}
	if e.Set.DryRun {
		r.dry = true
		return e.Out.Item(r)
	}
	w := &place.Writer{
		Client: dst.Client, Root: dst.Path, Mode: mode, ACL: o.acl, Resume: o.resume,
	}
	if err := o.write(ctx, e, src, w); err != nil {
		return fmt.Errorf("%d nodes imported: %w", w.Written, err)
	}
	r.Imported, r.Kept = w.Written, w.Kept
	return e.Out.Item(r)
}

// surveyed is what is known of a file before anything is written.
type surveyed struct {
	root              string
	nodes, ephemerals int
	denied            int   // nodes that could not be exported
	numbers           int64 // that sequence counters pass over
}

// survey reads the file, so that one that is cut off or wrong is known before.
func (o *importFlags) survey(ctx context.Context, src *place.Place) (*surveyed, error) {
	all := &surveyed{}
	header, err := src.Header()
	if err != nil {
		return nil, err
	}
	all.root = header.Root
	for n, err := range src.Nodes(ctx, place.Options{}) {
		if err != nil {
			return nil, err
		}
		if n.Denied {
			all.denied++
			continue
		}
		all.nodes++
		if n.Stat.EphemeralOwner != 0 {
			all.ephemerals++
		}
		all.numbers += int64(n.Sequence()) - int64(n.Stat.NumChildren)
	}
	return all, nil
}

// permitted asks what has to be asked.
func (o *importFlags) permitted(
	ctx context.Context, e *verb.Env, dst *place.Place, all *surveyed, mode place.Mode,
) error {
	switch {
	case all.ephemerals > 0 && o.sessions == "":
		return fault.Usage("%d ephemeral nodes cannot be made again; --sessions drop leaves them "+
			"out", all.ephemerals)
	case dst.System() && !o.force:
		return fault.Usage("%s needs --force", dst.Path)
	case all.numbers > maxRaised && !o.force:
		return fault.Usage("sequence counters would pass over %d numbers, a write each: that "+
			"needs --force", all.numbers)
	}
	if err := dst.Writable(ctx, e, "import to "+dst.Arg); err != nil || mode != place.Overwrite {
		return err
	}
	d := dst.Danger(fmt.Sprintf("write %d nodes at %s", all.nodes-all.ephemerals, dst.Arg))
	d.Count, d.Max, d.Force = all.nodes, o.max, o.force
	return e.Confirm(ctx, d)
}

func (o *importFlags) write(
	ctx context.Context, e *verb.Env, src *place.Place, w *place.Writer,
) error {
	line := progress.New(e, "imported")
	defer line.End()
	if err := above(ctx, w.Client, w.Root); err != nil {
		return err
	}
	for n, err := range src.Nodes(ctx, place.Options{}) {
		if err == nil && n.Stat.EphemeralOwner == 0 && !n.Denied {
			line.Step()
			w.Count(n)
			err = w.Put(ctx, n)
		}
		if err != nil {
			return err
		}
	}
	if err := w.Flush(ctx); err != nil {
		return err
	}
	return w.Raise(ctx)
}

// above makes the nodes above a root.
func above(ctx context.Context, c *client.Client, root string) error {
	dir := path.Dir(root)
	if dir == "/" {
		return nil
	}
	_, _, err := c.Create(ctx, dir, nil, client.Parents)
	if errors.Is(err, client.ErrNodeExists) {
		return nil
	}
	return err
}

// imported is what was imported.
type imported struct {
	Path     string `json:"path"`
	Imported int    `json:"imported"`
	Kept     int    `json:"kept"` // nodes that were there
	Left     int    `json:"left"` // ephemeral nodes

	dry bool
}

// Text is one line.
func (r *imported) Text(p *output.Page) {
	did := "imported "
	if r.dry {
		did = "would import "
	}
	p.Line(did, p.Name(r.Path), ": ", strconv.Itoa(r.Imported), " nodes, ",
		strconv.Itoa(r.Kept), " were there, ", strconv.Itoa(r.Left), " left out")
}
