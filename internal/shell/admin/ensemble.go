package admin

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// configPath is where an ensemble keeps its configuration.
const configPath = "/zookeeper/config"

// Ensemble is the verb ensemble, which is config in the shell.
func Ensemble() verb.Verb {
	var addresses, watch, stat bool
	return verb.Verb{
		Name: "ensemble", ShellAliases: []string{"config"},
		Short:   "Show the servers of the ensemble",
		Example: "quoll ensemble\nquoll ensemble -c",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&addresses, "client-addresses", "c", false, "where clients connect to")
			f.BoolVarP(&watch, "watch", "w", false, "wait until it changes")
			f.BoolVarP(&stat, "stat", "s", false, "show the Stat of its node")
		},
		Run: func(ctx context.Context, e *verb.Env, _ []string) error {
			if (watch || stat) && e.Set.Root() != "" {
				return fault.Usage("-w and -s need %s, which the chroot hides", configPath)
			}
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			var w *client.Watch
			if watch {
				e.Out.List()
				if _, _, w, err = c.GetW(ctx, configPath); err != nil {
					return err
				}
			}
			r, err := membership(ctx, c, stat)
			if err != nil {
				return err
			}
			r.addresses = addresses
			if err := e.Out.Item(r); err != nil || w == nil {
				return err
			}
			return e.Watch(ctx, configPath, verb.WatchData, w)
		},
	}
}

// members are the servers of an ensemble.
type members struct {
	Version string       `json:"version"` // zxid of the reconfig that made it
	Servers []member     `json:"servers"`
	Stat    *output.Stat `json:"stat,omitempty"` // -s

	text      string // as the server sent it
	addresses bool
	committed bool // by a reconfig, just now
}

// member is a server of an ensemble.
type member struct {
	ID     string `json:"id"` // a 64-bit number, decimal as in zoo.cfg
	Spec   string `json:"spec"`
	Client string `json:"client"`
}

// membership reads the configuration, with the Stat of its node if that is wanted.
func membership(ctx context.Context, c *client.Client, stat bool) (*members, error) {
	config, err := c.Config(ctx)
	if err != nil {
		return nil, err
	}
	r := membersOf(config)
	if stat {
		s, _, err := c.Exists(ctx, configPath)
		if err != nil {
			return nil, err
		}
		r.Stat = output.StatOf(s)
	}
	return r, nil
}

func membersOf(config client.ServerConfig) *members {
	r := &members{
		Version: fmt.Sprintf("0x%x", config.Version), Servers: []member{}, text: config.Text,
	}
	for _, m := range config.Members {
		r.Servers = append(r.Servers, member{strconv.FormatInt(m.ID, 10), m.Spec, m.Client})
	}
	return r
}

// clients is the list of addresses for clients.
func (r *members) clients() string {
	var all []string
	for _, m := range r.Servers {
		if m.Client != "" {
			all = append(all, m.Client)
		}
	}
	return strings.Join(all, ",")
}

// listened is where the servers listen for clients, which may be at all of their addresses.
func (r *members) listened() []string {
	var all []string
	for _, m := range r.Servers {
		_, at, _ := strings.Cut(m.Spec, ";")
		all = append(all, at)
	}
	return all
}

// Text is the configuration as it is written in a file.
func (r *members) Text(p *output.Page) {
	if r.addresses {
		p.Line(p.Name(r.clients()))
	} else {
		for _, m := range r.Servers {
			p.Line("server.", m.ID, "=", p.Name(m.Spec))
		}
		p.Line("version=", strings.TrimPrefix(r.Version, "0x"))
	}
	if r.Stat != nil {
		p.Stat(r.Stat)
	}
}

// ZkCLI is the text that the server sent.
func (r *members) ZkCLI(p *output.Page) {
	if r.committed {
		p.Line("Committed new configuration:")
	}
	if r.addresses {
		version := strings.TrimPrefix(r.Version, "0x")
		if !strings.Contains(r.text, "version=") {
			version = "" // a server alone has no configuration
		}
		p.Line(version, " ", p.Name(strings.Join(r.listened(), ",")))
	} else {
		p.Bytes([]byte(r.text))
		if !p.Terminal() {
			p.Line()
		}
	}
	if r.Stat != nil {
		p.JavaStat(r.Stat)
	}
}
