package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"quoll/internal/config"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	host := verb.NewHost()
	host.Args = verbArgs(args)
	root := rootCommand(host)
	root.SetArgs(host.Args)
	err := root.ExecuteContext(context.Background())
	if code, ok := verb.Report(host, err); ok {
		return code
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "quoll:", err)
	}
	return exitCode(err)
}

func rootCommand(host *verb.Host) *cobra.Command {
	root := &cobra.Command{
		Use:           "quoll",
		Short:         "A coordination server that ZooKeeper's clients cannot tell from ZooKeeper",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usage(host.Misused(noCommand(args[0])))
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd != root {
			return usage(err)
		}
		err = fault.Usage("%w", err) // a verb may have been meant, and its format
		if len(host.Args) > 0 && !strings.HasPrefix(host.Args[0], "-") {
			err = noCommand(host.Args[0])
		}
		return usage(host.Misused(err))
	})
	root.AddCommand(serverCommand(), configCommand(), logCommand(), snapshotCommand(),
		newSimCommand())
	addVerbs(root, host)
	addCompletion(root)
	return root
}

func noCommand(name string) error {
	return fault.Usage("there is no command %q; quoll --help lists them", name)
}

// An exitError carries the exit code that an error ends the process with.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

// usage gives an error the exit code of a wrong command line.
func usage(err error) error { return exitError{config.ExitInvalid, err} }

// arguments checks positional arguments with the exit code of a wrong command line.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage(err)
		}
		return nil
	}
}

func exitCode(err error) int {
	var coded exitError
	switch {
	case err == nil:
		return config.ExitOK
	case errors.As(err, &coded):
		return coded.code
	case errors.Is(err, config.ErrInvalid):
		return config.ExitInvalid
	}
	return config.ExitUnexpected
}

// defineFlag adds the flag -D key=value, which may be repeated. Java has the same flag.
func defineFlag(cmd *cobra.Command, defines *[]string) {
	cmd.Flags().StringArrayVarP(defines, "define", "D", nil,
		"a setting, as key=value: a Java system property or a key of zoo.cfg")
}
