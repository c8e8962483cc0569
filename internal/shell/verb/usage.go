package verb

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"quoll/internal/shell/settings"
)

// long is the text above the usage of a verb.
func long(v *Verb) string {
	if v.Long == "" {
		return v.Short
	}
	return v.Short + ".\n\n" + v.Long
}

// usage shows how a verb is called: its own flags first, then those that all verbs have.
func usage(v *Verb, h *Host) func(*cobra.Command) error {
	return func(cmd *cobra.Command) error {
		var b strings.Builder
		fmt.Fprintf(&b, "Usage:\n  %s\n", strings.TrimSpace(cmd.UseLine())) // the shell has no name
		if len(v.Aliases) > 0 {
			fmt.Fprintf(&b, "\nAlso: %s\n", strings.Join(v.Aliases, ", "))
		}
		for i, sub := range cmd.Commands() {
			if i == 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "  %-8s %s\n", sub.Name(), sub.Short)
		}
		if v.Example != "" {
			fmt.Fprintf(&b, "\nExamples:\n%s\n", indent(v.Example))
		}
		own := pflag.NewFlagSet("", pflag.ContinueOnError)
		if v.Flags != nil {
			v.Flags(own)
		}
		if own.HasFlags() {
			fmt.Fprintf(&b, "\nFlags:\n%s", own.FlagUsages())
		}
		if v.Run != nil {
			s, global := settings.Default(), pflag.NewFlagSet("", pflag.ContinueOnError)
			globalFlags(&s, h, global)
			fmt.Fprintf(&b, "\nFlags of all verbs:\n%s", global.FlagUsages())
		}
		_, err := fmt.Fprint(cmd.OutOrStdout(), b.String())
		return err
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}
