package nodes

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/acl"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// createFlags are the flags of create.
type createFlags struct {
	ephemeral, sequential, container, parents bool
	ttl                                       string
}

// Create is the verb create.
func Create() verb.Verb {
	var o createFlags
	return verb.Verb{
		Name: "create", Args: "PATH [DATA|-|@FILE] [ACL]", Min: 1, Max: 3, Writes: true,
		Short: "Make a node",
		Long: "Prints the path as it was made. - is standard input, @FILE a file's content.\n" +
			"ACL is scheme:id:perms, several with commas.",
		Example: "quoll create -p /app/config @config.json\n" +
			"quoll create -s /jobs/job- '' world:anyone:r",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&o.ephemeral, "ephemeral", "e", false, "the node goes with the session")
			f.BoolVarP(&o.sequential, "sequential", "s", false,
				"a number of ten digits behind the name")
			f.BoolVarP(&o.container, "container", "c", false, "it goes with its last child")
			f.StringVarP(&o.ttl, "ttl", "t", "",
				"it goes after `TTL` without a change: milliseconds, or 90s, 2h")
			f.BoolVarP(&o.parents, "parents", "p", false, "make the missing nodes above it")
		},
		Complete: verb.PathThenData,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			opts, err := o.options()
			if err != nil {
				return err
			}
			return o.run(ctx, e, args, opts)
		},
	}
}

func (o *createFlags) options() ([]client.CreateOption, error) {
	switch {
	case o.container && (o.ephemeral || o.sequential):
		return nil, fault.Usage("-c cannot be combined with -s or -e. " +
			"Containers cannot be ephemeral or sequential.")
	case o.ttl != "" && o.ephemeral:
		return nil, fault.Usage("TTLs cannot be used with Ephemeral znodes")
	case o.ttl != "" && o.container:
		return nil, fault.Usage("TTLs cannot be used with Container znodes")
	}
	var opts []client.CreateOption
	for _, flag := range []struct {
		given bool
		opt   client.CreateOption
	}{
		{o.ephemeral, client.Ephemeral}, {o.sequential, client.Sequential},
		{o.container, client.Container}, {o.parents, client.Parents},
	} {
		if flag.given {
			opts = append(opts, flag.opt)
		}
	}
	if o.ttl == "" {
		return opts, nil
	}
	ttl, err := time.ParseDuration(o.ttl)
	if ms, number := strconv.ParseInt(o.ttl, 10, 64); number == nil {
		ttl, err = time.Duration(ms)*time.Millisecond, nil
	}
	if err != nil || ttl <= 0 {
		return nil, fault.Usage("-t %s: milliseconds, or a time such as 90s or 2h", o.ttl)
	}
	return append(opts, client.TTL(ttl)), nil
}

func (o *createFlags) run(
	ctx context.Context, e *verb.Env, args []string, opts []client.CreateOption,
) error {
	arg, number := args[0], "" // "/" if the name is the number alone
	if above, ok := strings.CutSuffix(arg, "/"); ok && o.sequential && above != "" {
		arg, number = above, "/"
	}
	path, err := e.Path(arg)
	if err != nil {
		return err
	}
	path += number
	var data []byte
	if len(args) > 1 {
		if data, err = e.Data(args[1]); err != nil {
			return err
		}
	}
	if len(args) > 2 {
		list, err := acl.Parse(args[2])
		if err != nil {
			return err
		}
		opts = append(opts, client.WithACL(list...))
	}
	c, err := e.Client(ctx)
	if err != nil {
		return err
	}
	made, stat, err := c.Create(ctx, path, data, opts...)
	if err != nil {
		return err
	}
	if e.ZkCLI() {
		e.Say("Created " + made)
		return nil
	}
	if o.ephemeral && !e.Shell {
		e.Note("%s goes now: it is ephemeral, and this session ends", made)
	}
	return e.Out.Item(&newNode{Path: made, Stat: output.StatOf(stat)})
}

// newNode is a node that was made.
type newNode struct {
	Path string       `json:"path"`
	Stat *output.Stat `json:"stat"`
}

// Text is the path as it was made.
func (r *newNode) Text(p *output.Page) { p.Line(p.Name(r.Path)) }
