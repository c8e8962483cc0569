package running

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/child"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// watchFlags are the flags of watch.
type watchFlags struct {
	recursive, initial bool

	mode    string
	count   int
	command []string
	set     *pflag.FlagSet // knows where -- stood
}

// graceOfWatch is how long a command of watch has to end.
const graceOfWatch = 10 * time.Second

// Watch is the verb watch.
func Watch() verb.Verb {
	var o watchFlags
	return verb.Verb{
		Name: "watch", Aliases: []string{"addWatch"}, Args: "PATH [-- CMD...]",
		Min: 1, Max: verb.Any, Endless: true,
		Short: "Tell what happens to a node, or run a command each time",
		Long: "CMD finds the event in ZK_EVENT, ZK_PATH and ZK_ZXID. While it runs, events\n" +
			"wait; it never runs twice at a time. Resync and Overflow mean that events were\n" +
			"missed: read again. In the shell, without CMD and --count, the verb goes on in the\n" +
			"background, and removewatches ends it.",
		Example: "quoll watch -R -o jsonl /app\n" +
			"quoll watch --initial --mode data /app/config -- sh -c 'quoll get /app/config > f'",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&o.recursive, "recursive", "R", false, "also what happens below the node")
			f.StringVarP(&o.mode, "mode", "m", "",
				"`MODE`: data (it may be made yet), children, persistent (both), recursive")
			f.BoolVar(&o.initial, "initial", false, "begin with an event Initial")
			f.IntVar(&o.count, "count", 0, "end after `N` events")
			o.set = f
		},
		Values:   map[string][]string{"mode": {"data", "children", "persistent", "recursive"}},
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			args, err := o.check(e, args)
			if err != nil {
				return err
			}
			c, path, err := e.At(ctx, args[0])
			if err != nil {
				return err
			}
			return o.run(ctx, e, c, path)
		},
	}
}

// check finds the mode and the command. zkCli's default is recursive.
func (o *watchFlags) check(e *verb.Env, args []string) ([]string, error) {
	args, command, err := split(o.set, args)
	if err != nil {
		return nil, err
	}
	o.command = command
	switch mode := strings.ToLower(o.mode); {
	case o.recursive && mode != "" && mode != "recursive":
		return nil, fault.Usage("-R is --mode recursive")
	case o.recursive, mode == "persistent_recursive",
		mode == "" && e.ZkCLI():
		o.mode = "recursive"
	case mode == "":
		o.mode = "persistent"
	case slices.Contains([]string{"data", "children", "persistent", "recursive"}, mode):
		o.mode = mode
	default:
		return nil, fault.Usage("--mode %s: data, children, persistent or recursive", o.mode)
	}
	if o.count < 0 {
		return nil, fault.Usage("--count %d is negative", o.count)
	}
	return args, nil
}

// split divides the arguments of a verb into its own, which is one, and a command behind --.
func split(set *pflag.FlagSet, args []string) (own, command []string, err error) {
	own = args
	if at := set.ArgsLenAtDash(); at >= 0 {
		own, command = args[:at], args[at:]
		if len(command) == 0 {
			return nil, nil, fault.Usage("there is no command behind --")
		}
	}
	if len(own) != 1 {
		return nil, nil, fault.Usage("one PATH; a command stands behind --")
	}
	return own, command, nil
}

func (o *watchFlags) run(ctx context.Context, e *verb.Env, c *client.Client, path string) error {
	s, err := watching(ctx, c, path, o.mode)
	if err != nil {
		return err
	}
	left := o.command == nil && o.count == 0 && !o.initial
	if left && (e.Leave(path, s.kind(), s.watch) || e.ZkCLI()) {
		return nil
	}
	defer s.close()
	if o.command == nil {
		e.Out.List()
	}
	var last error // of the command
	if o.initial {
		first := output.EventOf(client.Event{Path: path}, time.Now())
		first.Kind = "Initial"
		if last = o.tell(ctx, e, first); fatal(last) {
			return last
		}
	}
	for n := 0; o.count == 0 || n < o.count; n++ {
		if err := e.Out.Flush(); err != nil {
			return err
		}
		event, err := s.next(ctx)
		if err != nil {
			return err
		}
		if last = o.tell(ctx, e, output.EventOf(event, time.Now())); fatal(last) {
			return last
		}
	}
	return last
}

// tell writes an event, or runs the command for it.
func (o *watchFlags) tell(ctx context.Context, e *verb.Env, event output.Event) error {
	if o.command == nil {
		return e.Out.Item(event)
	}
	cmd := child.Command{
		Args: o.command, Stdin: e.Stdin, Stdout: e.Stdout, Stderr: e.Stderr, Grace: graceOfWatch,
		Env: []string{
			"ZK_EVENT=" + event.Kind, "ZK_PATH=" + event.Path, "ZK_ZXID=" + event.Zxid,
		},
	}
	code, err := cmd.Run(ctx)
	switch {
	case err != nil:
		return err
	case code == fault.CodeDone:
		return nil
	}
	return failedCommand(code)
}

// failedCommand is the exit code of a command.
type failedCommand int

func (c failedCommand) Error() string { return "the command failed" }

// Unwrap makes the code the process's own, without a word.
func (c failedCommand) Unwrap() error { return fault.Silent(int(c)) }

// fatal reports whether watch ends with an error. A command that fails does not end it, but one
// that Ctrl-C has ended does.
func fatal(err error) bool {
	code, ok := err.(failedCommand)
	return err != nil && (!ok || int(code) == 128+int(syscall.SIGINT))
}
