package admin

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// Txn is the verb txn.
func Txn() verb.Verb {
	return verb.Verb{
		Name: "txn", Aliases: []string{"multi"}, Args: "LINE...|-|@FILE", Min: 1, Max: verb.Any,
		Writes: true, DryRun: true,
		Short: "Do several operations, all or none",
		Long: "Each line is one operation:\n" +
			"  check PATH VERSION\n  create [-e] [-s] [-c] [-t TTL] PATH [DATA] [ACL]\n" +
			"  set [-v VERSION] PATH DATA\n  delete [-v VERSION] PATH",
		Example: "quoll txn 'check /config 3' 'set /config new' 'create -s /log/ changed'\n" +
			"quoll txn @changes.txt",
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			steps, err := steps(e, args)
			if err != nil {
				return err
			}
			e.Out.List()
			if e.Set.DryRun {
				return report(e, steps, nil, "would be done", nil)
			}
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			ops := make([]client.Op, len(steps))
			for i, s := range steps {
				ops[i] = s.op
			}
			results, err := c.Multi(ctx, ops...)
			var failed *client.MultiError
			if err != nil && !errors.As(err, &failed) {
				return err
			}
			if failed != nil {
				return errors.Join(report(e, steps, nil, "rolled back", failed), err)
			}
			return report(e, steps, results, "done", nil)
		},
	}
}

// steps reads the lines of a transaction.
func steps(e *verb.Env, args []string) ([]step, error) {
	lines := args
	if len(args) == 1 && (args[0] == "-" || strings.HasPrefix(args[0], "@")) {
		text, err := e.Data(args[0])
		if err != nil {
			return nil, err
		}
		lines = strings.Split(string(text), "\n")
	}
	var all []step
	for n, line := range lines {
		s, err := parseStep(e, line)
		if err != nil {
			return nil, fault.Usage("line %d: %w", n+1, err)
		}
		if s != nil {
			all = append(all, *s)
		}
	}
	if len(all) == 0 {
		return nil, fault.Usage("no operation")
	}
	return all, nil
}

// report tells what became of each operation.
func report(
	e *verb.Env, steps []step, results []client.Result, became string, failed *client.MultiError,
) error {
	for i, s := range steps {
		r := &stepResult{Index: i, Op: s.name, Path: s.path, Result: became}
		if results != nil {
			r.Path = results[i].Path
		}
		if failed != nil && failed.Index == i {
			r.Result = fault.Name(failed)
		}
		if err := e.Out.Item(r); err != nil {
			return err
		}
	}
	return nil
}

// stepResult is what became of one operation.
type stepResult struct {
	Index  int    `json:"index"`
	Op     string `json:"op"`
	Path   string `json:"path"`
	Result string `json:"result"` // done, rolled back, would be done, or the error's name
}

// Text is a line an operation.
func (r *stepResult) Text(p *output.Page) {
	p.Line(strconv.Itoa(r.Index), " ", r.Op, " ", p.Name(r.Path), " ", r.Result)
}
