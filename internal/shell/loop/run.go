package loop

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/zkcli"
)

// line runs one line, and sets the exit code.
func (s *Shell) line(ctx context.Context, words []string) {
	ctx, stop := verb.UntilSignal(ctx, false)
	defer stop()
	defer s.session.Forget()
	s.code = fault.CodeDone
	if own := s.builtin(words[0]); own != nil {
		if err := own.run(ctx, s, words[1:]); err != nil {
			s.failed(err)
		}
		return
	}
	s.verb(ctx, words)
}

// verb runs a line that is a verb.
func (s *Shell) verb(ctx context.Context, words []string) {
	if s.o.ZkCLI {
		now, note := zkcli.Deprecated(words)
		if note != "" {
			_, _ = fmt.Fprintln(s.host.Stderr, note) // nobody may read it
		}
		words = now
	}
	s.host.Args = verb.Dashes(s.o.Table, slices.Clone(words))
	root := s.root()
	root.SetArgs(s.host.Args)
	err := root.ExecuteContext(ctx)
	if code, ok := verb.Report(s.host, err); ok {
		s.code = code
		return
	}
	if err != nil { // cobra's own: there is no such verb
		if s.o.ZkCLI {
			err = fault.Usage("Command not found %s", words[0])
		} else {
			err = fault.Usage("there is no verb %q; help lists them", words[0])
		}
		s.failed(err)
	}
}

// root has the commands of all verbs, for one run.
func (s *Shell) root() *cobra.Command {
	root := &cobra.Command{
		Use: "", SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetHelpCommand(&cobra.Command{Hidden: true}) // help is the shell's own
	root.SetOut(s.host.Stdout)
	root.SetErr(s.host.Stderr)
	root.AddCommand(verb.Commands(s.o.Table, s.host)...)
	return root
}

// failed tells an error, and sets the exit code.
func (s *Shell) failed(err error) {
	s.complain(err)
	s.code = fault.Code(err)
}

// complain tells an error that is nobody's.
func (s *Shell) complain(err error) {
	verb.Report(s.host, &verb.Failure{
		Err: err, Format: s.o.Settings.Output, Quiet: verb.Signalled(err),
	})
}
