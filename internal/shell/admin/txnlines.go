package admin

import (
	"io"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/acl"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/lines"
	"quoll/internal/shell/verb"
)

// step is one operation of a transaction.
type step struct {
	name, path string
	op         client.Op
}

// stepFlags are the flags of an operation.
type stepFlags struct {
	version                          int32
	ephemeral, sequential, container bool
	ttl                              time.Duration
}

// parseStep reads one line; nil is one without an operation.
func parseStep(e *verb.Env, line string) (*step, error) {
	words, err := lines.Split(line)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	name := words[0]
	if name == "rm" {
		name = "delete"
	}
	var o stepFlags
	f := pflag.NewFlagSet(name, pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Int32VarP(&o.version, "version", "v", client.AnyVersion, "")
	if name == "create" {
		f.BoolVarP(&o.ephemeral, "ephemeral", "e", false, "")
		f.BoolVarP(&o.sequential, "sequential", "s", false, "")
		f.BoolVarP(&o.container, "container", "c", false, "")
		f.DurationVarP(&o.ttl, "ttl", "t", 0, "")
	}
	if err := f.Parse(words[1:]); err != nil {
		return nil, err
	}
	args := f.Args()
	if len(args) == 0 {
		return nil, fault.Usage("%s of which path?", name)
	}
	path, err := e.Path(args[0])
	if err != nil {
		return nil, err
	}
	s := &step{name: name, path: path}
	s.op, err = o.operation(e, name, path, args[1:])
	return s, err
}

// operation makes the operation of its name, path and what follows.
func (o *stepFlags) operation(
	e *verb.Env, name, path string, args []string,
) (client.Op, error) {
	most := map[string]int{"check": 1, "create": 2, "set": 1, "delete": 0}
	if n, known := most[name]; !known {
		return client.Op{}, fault.Usage("%q is not check, create, set or delete", name)
	} else if len(args) > n || name == "set" && len(args) == 0 {
		return client.Op{}, fault.Usage("%s: too few or too many words", name)
	}
	switch name {
	case "check":
		if len(args) == 1 {
			n, err := strconv.ParseInt(args[0], 10, 32)
			if err != nil {
				return client.Op{}, fault.Usage("check: %q is not a version", args[0])
			}
			o.version = int32(n)
		}
		return client.OpCheck(path, o.version), nil
	case "delete":
		return client.OpDelete(path, o.version), nil
	}
	var data []byte
	if len(args) > 0 {
		var err error
		if data, err = e.Data(args[0]); err != nil {
			return client.Op{}, err
		}
	}
	if name == "set" {
		return client.OpSet(path, data, o.version), nil
	}
	opts, err := o.createOptions(args)
	return client.OpCreate(path, data, opts...), err
}

func (o *stepFlags) createOptions(args []string) ([]client.CreateOption, error) {
	var opts []client.CreateOption
	if o.ephemeral {
		opts = append(opts, client.Ephemeral)
	}
	if o.sequential {
		opts = append(opts, client.Sequential)
	}
	if o.container {
		opts = append(opts, client.Container)
	}
	if o.ttl != 0 {
		opts = append(opts, client.TTL(o.ttl))
	}
	if len(args) == 2 {
		list, err := acl.Parse(args[1])
		if err != nil {
			return nil, err
		}
		opts = append(opts, client.WithACL(list...))
	}
	return opts, nil
}
