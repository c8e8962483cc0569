package admin

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
)

// reconfigFlags are the flags of reconfig.
type reconfigFlags struct {
	stat                 bool
	version, file        string
	members, add, remove []string
}

// Reconfig is the verb reconfig.
func Reconfig() verb.Verb {
	var o reconfigFlags
	return verb.Verb{
		Name: "reconfig", Writes: true, DryRun: true,
		Dashed: []string{"file", "members", "add", "remove"},
		Short:  "Change the servers of the ensemble while it runs",
		Long: "Either --add and --remove, or --members or --file with all servers of the new\n" +
			"configuration. A server is N=host:port:port[:role];client address.",
		Example: "quoll reconfig --remove 3 --add '4=zk4:2888:3888;2181'",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&o.stat, "stat", "s", false, "show the Stat of the configuration's node")
			f.StringVarP(&o.version, "version", "v", "",
				"the `VERSION` (hexadecimal) that it has to have now")
			f.StringVar(&o.file, "file", "", "`FILE` of the new configuration's server lines")
			f.StringArrayVar(&o.members, "members", nil, "all `SERVERS` of the new configuration")
			f.StringArrayVar(&o.add, "add", nil, "`SERVERS` that join, or change")
			f.StringArrayVar(&o.remove, "remove", nil, "`NUMBERS` of servers that leave")
		},
		Run: func(ctx context.Context, e *verb.Env, _ []string) error {
			change, err := o.change()
			if err != nil {
				return err
			}
			from := int64(-1)
			if o.version != "" {
				from, err = strconv.ParseInt(strings.TrimPrefix(o.version, "0x"), 16, 64)
				if err != nil {
					return fault.Usage("-v %s is not a hexadecimal number", o.version)
				}
			}
			if o.stat && e.Set.Root() != "" {
				return fault.Usage("-s needs %s, which the chroot hides", configPath)
			}
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			return o.run(ctx, e, c, change, from)
		},
	}
}

func (o *reconfigFlags) run(
	ctx context.Context, e *verb.Env, c *client.Client, change client.ConfigChange, from int64,
) error {
	if e.Set.DryRun {
		now, err := c.Config(ctx)
		if err != nil {
			return err
		}
		return e.Out.Item(membersOf(applied(now, change)))
	}
	err := e.Confirm(ctx, verb.Danger{
		What: fmt.Sprintf("change the ensemble by %d servers",
			len(change.Join)+len(change.Leave)+len(change.Members)),
		Force: true,
	})
	if err != nil {
		return err
	}
	config, err := c.Reconfig(ctx, change, from)
	if err != nil {
		return err
	}
	r := membersOf(config)
	if o.stat {
		again, err := membership(ctx, c, true)
		if err != nil {
			return err
		}
		r.Stat = again.Stat
	}
	r.committed = true
	return e.Out.Item(r)
}

// change is what the flags want.
func (o *reconfigFlags) change() (client.ConfigChange, error) {
	var ch client.ConfigChange
	whole := len(o.members) > 0 || o.file != ""
	switch {
	case whole && (len(o.add) > 0 || len(o.remove) > 0):
		return ch, fault.Usage("either --add and --remove, or --members or --file")
	case len(o.members) > 0 && o.file != "":
		return ch, fault.Usage("either --members or --file")
	case !whole && len(o.add) == 0 && len(o.remove) == 0:
		return ch, fault.Usage("what changes? --add, --remove, --members or --file")
	}
	if o.file != "" {
		text, err := os.ReadFile(o.file)
		if err != nil {
			return ch, fault.Usage("--file: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "server.") {
				o.members = append(o.members, line)
			}
		}
	}
	var err error
	if ch.Join, err = servers(o.add); err != nil {
		return ch, err
	}
	if ch.Members, err = servers(o.members); err != nil {
		return ch, err
	}
	for id := range strings.SplitSeq(strings.Join(o.remove, ","), ",") {
		if id == "" {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimPrefix(id, "server."), 10, 64)
		if err != nil {
			return ch, fault.Usage("--remove %q is not the number of a server", id)
		}
		ch.Leave = append(ch.Leave, n)
	}
	return ch, nil
}
