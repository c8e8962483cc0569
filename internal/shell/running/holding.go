package running

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/internal/shell/child"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
)

// holding is what lock and elect have in common: something is held while a command runs.
type holding struct {
	wait, grace time.Duration

	id  string
	set *pflag.FlagSet // knows where -- stood
}

// taker takes what is held: it waits for that, or tries once.
type taker struct {
	take, try func(ctx context.Context) (*recipes.Held, error)
}

// patienceWithRelease is how long the release of what was held is waited for. The session ends
// with the process, so that it is released then at the latest.
const patienceWithRelease = 2 * time.Second

func (o *holding) flags(f *pflag.FlagSet) {
	host, _ := os.Hostname() // "" if it has none
	f.DurationVar(&o.wait, "wait", 0, "`HOW` long at most; 0s: not at all; else for ever")
	f.DurationVar(&o.grace, "grace", 10*time.Second, "between TERM and KILL")
	f.StringVar(&o.id, "id", host, "what others see of this process")
	o.set = f
}

func (o *holding) run(
	ctx context.Context, e *verb.Env, args []string,
	make func(c *client.Client, path string) taker,
) error {
	args, command, err := split(o.set, args)
	switch {
	case err != nil:
		return err
	case command == nil:
		return fault.Usage("there is no command: %s -- CMD", args[0])
	case o.wait < 0 || o.grace < 0:
		return fault.Usage("--wait and --grace cannot be negative")
	}
	c, path, err := e.At(ctx, args[0])
	if err != nil {
		return err
	}
	held, err := o.win(ctx, make(c, path), e.Given("wait"))
	if err != nil {
		return err
	}
	e.Note("%s is held", held.Path())
	defer release(ctx, held)
	return o.work(ctx, e, held, command)
}

// win waits as long as --wait says.
func (o *holding) win(ctx context.Context, t taker, limited bool) (*recipes.Held, error) {
	var held *recipes.Held
	var err error
	inner := ctx
	switch {
	case limited && o.wait == 0:
		held, err = t.try(ctx)
	case limited:
		var cancel context.CancelFunc
		inner, cancel = context.WithTimeout(ctx, o.wait)
		defer cancel()
		fallthrough
	default:
		held, err = t.take(inner)
	}
	late := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && inner.Err() != nil
	switch {
	case late, errors.Is(err, recipes.ErrBusy):
		err = &fault.Error{Code: fault.CodeNotWon, Name: "NotWon",
			Err: fmt.Errorf("not won within %v: somebody else holds it", o.wait)}
	case errors.Is(err, recipes.ErrLost):
		err = &fault.Error{Code: fault.CodeUnreachable, Name: "Lost", Err: err}
	}
	return held, err
}

// work runs the command as long as it is held.
func (o *holding) work(
	ctx context.Context, e *verb.Env, held *recipes.Held, command []string,
) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(held.Context(), func() { cancel(held.Err()) })
	defer stop()
	cmd := child.Command{
		Args: command, Stdin: e.Stdin, Stdout: e.Stdout, Stderr: e.Stderr, Grace: o.grace,
		Env: []string{"ZK_PATH=" + held.Path(), "ZK_TOKEN=" + held.Token().String()},
	}
	code, err := cmd.Run(ctx)
	switch {
	case errors.Is(err, recipes.ErrLost):
		return &fault.Error{Code: fault.CodeLost, Name: "Lost",
			Err: fmt.Errorf("the command was ended: %w", err)}
	case err != nil:
		return err
	case code != fault.CodeDone:
		return fault.Silent(code)
	}
	return nil
}

func release(ctx context.Context, held *recipes.Held) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patienceWithRelease)
	defer cancel()
	_ = held.Release(ctx) // goes on in the background, and ends with the session
}
