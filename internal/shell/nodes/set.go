package nodes

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// Set is the verb set.
func Set() verb.Verb {
	var version int32
	var stat, encoded, create bool
	return verb.Verb{
		Name: "set", Args: "PATH DATA|-|@FILE", Min: 2, Max: 2, Writes: true,
		Short:   "Replace the data of a node",
		Long:    "- is standard input, @FILE the content of a file, and @@x the text @x.",
		Example: "quoll set /config '{\"a\": 1}'\nquoll set -v 3 /config @config.json",
		Flags: func(f *pflag.FlagSet) {
			f.Int32VarP(&version, "version", "v", client.AnyVersion, "the `VERSION` it has to have")
			f.BoolVarP(&stat, "stat", "s", false, "show the new Stat")
			f.BoolVarP(&encoded, "base64", "b", false, "DATA is base64")
			f.BoolVar(&create, "create", false, "make the node if it is not there")
		},
		Complete: verb.PathThenData,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			path, err := e.Path(args[0])
			if err != nil {
				return err
			}
			data, err := e.Data(args[1])
			if err == nil && encoded {
				if data, err = base64.StdEncoding.DecodeString(string(data)); err != nil {
					err = fault.Usage("-b: %w", err)
				}
			}
			if err != nil {
				return err
			}
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			s, err := c.Set(ctx, path, data, version)
			if create && errors.Is(err, client.ErrNoNode) && version == client.AnyVersion {
				_, s, err = c.Create(ctx, path, data)
			}
			if err != nil {
				return err
			}
			return e.Out.Item(&written{Path: path, Stat: output.StatOf(s), shown: stat})
		},
	}
}

// written is a node that was changed. Text is silent but for a Stat that was asked for.
type written struct {
	Path string       `json:"path"`
	Stat *output.Stat `json:"stat"`

	shown bool
}

// Text shows the Stat if that was wanted.
func (r *written) Text(p *output.Page) {
	if r.shown {
		p.Stat(r.Stat)
	}
}

// ZkCLI shows the Stat if that was wanted.
func (r *written) ZkCLI(p *output.Page) {
	if r.shown {
		p.JavaStat(r.Stat)
	}
}
