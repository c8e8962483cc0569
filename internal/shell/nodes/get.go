package nodes

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// getFlags are the flags of get.
type getFlags struct {
	stat, watch, base64, hex bool
	format, out              string
}

// Get is the verb get.
func Get() verb.Verb {
	var o getFlags
	return verb.Verb{
		Name: "get", Aliases: []string{"cat"}, Args: "PATH...", Min: 1, Max: verb.Any,
		Short: "Show the data of nodes",
		Long: "In a pipe the bytes are as they are. On a terminal control characters are shown\n" +
			"as \\xNN, and a newline follows.",
		Example: "quoll get /config\nquoll get --format json /config\nquoll get --out f /blob",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&o.stat, "stat", "s", false, "show the Stat too")
			f.BoolVarP(&o.watch, "watch", "w", false, "wait until the node is changed or deleted")
			f.BoolVarP(&o.base64, "base64", "b", false, "show the data as base64")
			f.BoolVarP(&o.hex, "hex", "x", false, "show the data as hexadecimal numbers")
			f.StringVar(&o.format, "format", "auto",
				"`HOW` the data is shown: auto, text, json (indented), hex, gzip (unpacked)")
			f.StringVar(&o.out, "out", "", "write the data into a `FILE`")
		},
		Values:   map[string][]string{"format": {"auto", "text", "json", "hex", "gzip"}},
		Complete: verb.Paths,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if !slices.Contains([]string{"auto", "text", "json", "hex", "gzip"}, o.format) {
				return fault.Usage("--format %s: auto, text, json, hex or gzip", o.format)
			}
			if o.out != "" && len(args) > 1 {
				return fault.Usage("--out is for one PATH")
			}
			c, paths, err := e.AtAll(ctx, args)
			if err != nil {
				return err
			}
			return o.run(ctx, e, c, paths)
		},
	}
}

func (o *getFlags) run(
	ctx context.Context, e *verb.Env, c *client.Client, paths []string,
) error {
	if len(paths) > 1 || o.watch {
		e.Out.List()
	}
	var watches []*client.Watch
	for _, path := range paths {
		data, stat, w, err := getW(ctx, c, path, o.watch)
		if err != nil {
			return err
		}
		if o.out != "" {
			if err := os.WriteFile(o.out, data, 0o644); err != nil {
				return fmt.Errorf("--out: %w", err)
			}
			continue
		}
		g := &got{
			Path: path, Data: output.DataOf(data), Stat: output.StatOf(stat),
			bytes: data, several: len(paths) > 1, flags: o,
		}
		if g.shown, err = o.show(data); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := e.Out.Item(g); err != nil {
			return err
		}
		watches = append(watches, w)
	}
	for i, w := range watches {
		if w == nil {
			continue
		}
		if err := e.Watch(ctx, paths[i], verb.WatchData, w); err != nil {
			return err
		}
	}
	return nil
}

// getW reads a node, and leaves a watch if that is wanted.
func getW(
	ctx context.Context, c *client.Client, path string, watch bool,
) ([]byte, client.Stat, *client.Watch, error) {
	if watch {
		return c.GetW(ctx, path)
	}
	data, stat, err := c.Get(ctx, path)
	return data, stat, nil, err
}

// got is what get has found.
type got struct {
	Path string `json:"path"`
	output.Data
	Stat *output.Stat `json:"stat"`

	bytes   []byte // as they are
	shown   []byte // by the flags
	several bool
	flags   *getFlags
}

// Text shows the data; of several nodes on a terminal each below a heading.
func (g *got) Text(p *output.Page) {
	if g.several && p.Terminal() {
		p.Line("==> ", p.Name(g.Path), " <==")
	}
	switch {
	case g.bytes == nil && p.Terminal():
		p.Line(p.Color(output.Dim, "null"))
	default:
		p.Bytes(g.shown)
	}
	if g.flags.stat {
		if !p.Terminal() {
			p.Line()
		}
		p.Stat(g.Stat)
	}
}

// ZkCLI shows the data in a line, as zkCli.sh does.
func (g *got) ZkCLI(p *output.Page) {
	data := g.bytes
	if data == nil {
		data = []byte("null")
	}
	switch {
	case g.flags.hex:
		p.Line(nettyDump(data))
	case g.flags.base64:
		p.Line(strings.TrimSuffix(string(base64Of(data)), "\n"))
	case p.Terminal():
		p.Line(output.Escape(string(data), true))
	default:
		p.Line(string(data))
	}
	if g.flags.stat {
		p.JavaStat(g.Stat)
	}
}

// Raw is the data.
func (g *got) Raw(w io.Writer) error {
	_, err := w.Write(g.shown)
	return err
}
