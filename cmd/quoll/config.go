package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"quoll/internal/config"
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
	var all bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Say what each setting of a zoo.cfg comes to, and what is wrong with it",
		Long: "Reads a zoo.cfg as the server would and prints each setting that was written:\n" +
			"its value as it holds, where it was written, and whether it is honoured.\n" +
			"Ends with 2 when the server would not start.",
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := config.Load(args[0], defines)
			if err != nil {
				return err
			}
			if err := c.WriteCheck(cmd.OutOrStdout(), all); err != nil {
				return fmt.Errorf("print: %w", err)
			}
			return nil
		},
	}
	defineFlag(cmd, &defines)
	cmd.Flags().BoolVarP(&all, "all", "a", false, "print the defaults too")
	return cmd
}
