package verb

import (
	"context"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
)

// run does a verb once.
func (e *Env) run(ctx context.Context, v *Verb, args []string) error {
	if err := e.resolve(v); err != nil {
		return err
	}
	if v.Writes && e.Set.DryRun && !v.DryRun {
		return fault.Usage("%s has no --dry-run", v.Name)
	}
	e.Out = output.NewPrinter(e.Stdout, output.Style{
		Format: output.Format(e.Set.Output), Terminal: e.OutTerminal, Width: e.Width,
		Color: e.Set.Color == "always" || e.Set.Color == "auto" && e.OutTerminal,
	})
	if ctx == nil {
		ctx = context.Background()
	}
	if !e.Shell {
		var stop func()
		ctx, stop = UntilSignal(ctx, true)
		defer stop()
	}
	e.untimed = ctx
	if e.Set.Timeout > 0 && (!v.Endless || e.given("timeout")) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.Set.Timeout)
		defer cancel()
	}
	defer e.close()
	return e.perform(ctx, v, args)
}

// perform confirms, runs and ends the document.
func (e *Env) perform(ctx context.Context, v *Verb, args []string) error {
	if v.Writes && e.Set.Protected && !e.Set.DryRun {
		if err := e.Confirm(ctx, Danger{What: v.Name, Force: true}); err != nil {
			return err
		}
	}
	err := v.Run(ctx, e, args)
	if signalled := signalOf(ctx); err != nil && signalled != nil {
		err = signalled
	}
	if end := e.Out.End(); err == nil {
		err = end
	}
	return err
}

// resolve finds the settings of this run. Those of the shell hold already. A verb that needs no
// server does not need the context either, which may be what it has to put right.
func (e *Env) resolve(v *Verb) error {
	if e.Shell || v.Local {
		return e.Set.Check()
	}
	return e.Set.Resolve(e.given, e.Getenv)
}

// close ends the connection that was made for this run. Of an answer that does not come, nothing
// depends: the session ends with its timeout then.
func (e *Env) close() {
	if e.own != nil {
		_ = e.own.Close()
		e.own = nil
	}
}
