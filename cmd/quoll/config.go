package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"quoll/internal/config"
	"quoll/internal/server"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Look at a configuration",
		Args:  arguments(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(configCheckCommand())
	return cmd
}

func configCheckCommand() *cobra.Command {
	var defines []string
	var all, here bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Say what each setting of a zoo.cfg comes to, and what is wrong with it",
		Long: "Reads a zoo.cfg as the server would and prints each setting that was written:\n" +
			"its value as it holds, where it was written, and whether it is honoured.\n" +
			"Of an ensemble it also says what the members come to.\n" +
			"Ends with 2 when the text alone shows that the server would not start. What this\n" +
			"machine lacks now, as directories, rights and free ports, is a warning; with\n" +
			"--here it is an error too. A name of another member that does not resolve is a\n" +
			"warning either way.",
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := config.Load(args[0], defines)
			if err != nil && !c.Ensemble() {
				return err
			}
			if err := c.WriteCheck(cmd.OutOrStdout(), all); err != nil {
				return fmt.Errorf("print: %w", err)
			}
			if err != nil { // what the members come to helps to see why
				return err
			}
			if err := server.Check(c); err != nil {
				return err
			}
			return checkHere(cmd, c, here)
		},
	}
	defineFlag(cmd, &defines)
	cmd.Flags().BoolVarP(&all, "all", "a", false, "print the defaults too")
	cmd.Flags().BoolVar(&here, "here", false, "what this machine lacks is an error")
	return cmd
}

// nameWait bounds how long the names of other members are looked up.
const nameWait = 3 * time.Second

// checkHere prints why the server could not start on this machine: as warnings, or, with wrong, as
// errors, and then returns an error too.
func checkHere(cmd *cobra.Command, c *config.Config, wrong bool) error {
	kind := "warning"
	if wrong {
		kind = "error"
	}
	problems := server.Here(c)
	if err := printAll(cmd.OutOrStdout(), kind, problems); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), nameWait)
	defer cancel()
	if err := printAll(cmd.OutOrStdout(), "warning", unresolved(ctx, c)); err != nil {
		return err
	}
	if wrong && len(problems) > 0 {
		return fmt.Errorf("%w: it cannot start here", config.ErrInvalid)
	}
	return nil
}

func printAll(out io.Writer, kind string, problems []config.Warning) error {
	for _, p := range problems {
		if _, err := fmt.Fprintf(out, "%s: %s\n", kind, p); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}
