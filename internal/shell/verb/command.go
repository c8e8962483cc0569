package verb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/settings"
)

// Commands makes cobra commands of verbs, for one run: the flags have their defaults.
func Commands(table []Maker, h *Host) []*cobra.Command {
	var top []*cobra.Command
	groups := map[string]*cobra.Command{}
	for _, maker := range table {
		v := maker()
		group, name, sub := strings.Cut(v.Name, " ")
		if !sub {
			cmd := command(&v, h)
			cmd.Aliases = v.names(h)
			top = append(top, cmd)
			groups[v.Name] = cmd
			continue
		}
		cmd := command(&v, h)
		cmd.Use = strings.TrimSpace(name + " " + v.Args)
		groups[group].AddCommand(cmd)
		for _, alias := range v.Aliases {
			again := maker() // flags of its own
			cmd := command(&again, h)
			cmd.Use, cmd.Hidden = strings.TrimSpace(alias+" "+v.Args), true
			top = append(top, cmd)
		}
	}
	return top
}

// command makes a cobra command of a verb.
func command(v *Verb, h *Host) *cobra.Command {
	e := &Env{Host: h, Set: h.Settings}
	cmd := &cobra.Command{
		Use: strings.TrimSpace(v.Name + " " + v.Args), Short: v.Short, Long: long(v),
		Example: v.Example, SilenceUsage: true, SilenceErrors: true,
		DisableFlagsInUseLine: true,
	}
	cmd.SetUsageFunc(usage(v, h))
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return h.Misused(fault.Usage("%w; %s --help says more", err, v.Name))
	})
	if v.Run == nil {
		cmd.Args = func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return h.Misused(fault.Usage("%s has no %q; %s --help says more",
					v.Name, args[0], v.Name))
			}
			return nil
		}
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		return cmd
	}
	flags := cmd.Flags()
	if v.Flags != nil {
		v.Flags(flags)
	}
	global := pflag.NewFlagSet("", pflag.ContinueOnError)
	globalFlags(&e.Set, h, global)
	flags.AddFlagSet(global)
	e.given = flags.Changed
	if !h.Shell {
		e.completeFlags(cmd, v)
	}
	cmd.Args = func(_ *cobra.Command, args []string) error { return e.failed(v.check(args)) }
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return e.failed(e.run(cmd.Context(), v, args))
	}
	cmd.ValidArgsFunction = func(
		cmd *cobra.Command, args []string, word string,
	) ([]string, cobra.ShellCompDirective) {
		found := e.complete(cmd.Context(), v, args, word)
		if !h.Shell {
			found = slices.DeleteFunc(found, blankEnds)
		}
		return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	return cmd
}

// names are the other names of a verb.
func (v *Verb) names(h *Host) []string {
	if h.Shell {
		return slices.Concat(v.Aliases, v.ShellAliases)
	}
	return v.Aliases
}

func globalFlags(s *settings.Settings, h *Host, f *pflag.FlagSet) {
	if !h.Shell {
		s.ConnectionFlags(f)
	}
	s.RunFlags(f)
}

// check counts the arguments.
func (v *Verb) check(args []string) error {
	if len(args) < v.Min || v.Max != Any && len(args) > v.Max {
		return fault.Usage("usage: %s", strings.TrimSpace(v.Name+" [flags] "+v.Args))
	}
	return nil
}

// Failure is the error of a run, and the format in which it has to be told.
type Failure struct {
	Err    error
	Format string
	Quiet  bool // a signal has ended it
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the error.
func (f *Failure) Unwrap() error { return f.Err }

func (e *Env) failed(err error) error {
	if err == nil {
		return nil
	}
	return &Failure{err, e.Set.Output, Signalled(err)}
}

// Misused is the error of a command line that could not be read to its end: what it says of the
// format may stand behind what is wrong in it.
func (h *Host) Misused(err error) error {
	format := h.Settings.Output
	for i, arg := range h.Args {
		value, long := strings.CutPrefix(arg, "--output=")
		short, joined := strings.CutPrefix(arg, "-o")
		switch {
		case arg == "--":
			return &Failure{Err: err, Format: format}
		case long:
			format = value
		case arg == "-o" || arg == "--output":
			if i+1 < len(h.Args) {
				format = h.Args[i+1]
			}
		case joined:
			format = short
		}
	}
	return &Failure{Err: err, Format: format}
}

// Report tells an error of a run of verbs on standard error, and returns its exit code. ok is false
// of other errors.
func Report(h *Host, err error) (code int, ok bool) {
	var f *Failure
	if !errors.As(err, &f) {
		return 0, false
	}
	if !f.Quiet && !fault.Quiet(f.Err) {
		h.tell(f)
	}
	return fault.Code(f.Err), true
}

func (h *Host) tell(f *Failure) {
	e := Env{Host: h}
	switch f.Format {
	case "json", "jsonl":
		e.Say(fault.JSON(f.Err))
	case "zkcli":
		if fault.Name(f.Err) == "NotConnected" { // to zkCli a result, and no error
			_, _ = fmt.Fprintln(h.Stdout, fault.ZkCLI(f.Err)) // nobody may read it
			return
		}
		e.Say(fault.ZkCLI(f.Err))
	default:
		prefix := "quoll: "
		if h.Shell {
			prefix = ""
		}
		e.Say(prefix + fault.Text(f.Err))
	}
}

// complete finds what an argument may be. Whoever presses Tab does not wait longer than patience.
func (e *Env) complete(ctx context.Context, v *Verb, args []string, word string) []string {
	if v.Complete == nil || e.resolve(v) != nil {
		return nil
	}
	ctx, cancel := patiently(ctx)
	defer cancel()
	defer e.close()
	return v.Complete(ctx, e, args, word)
}
