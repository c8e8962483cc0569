package main

import (
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/loop"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/verbs"
	"quoll/internal/shell/zkcli"
)

// shellCommand is the interactive shell, which is zkCli.sh too.
func shellCommand(host *verb.Host) *cobra.Command {
	set := host.Settings
	var wait, zk bool
	var properties string
	cmd := &cobra.Command{
		Use:   "shell [VERB...]",
		Short: "Look at nodes and change them, line by line",
		Long: "Reads verbs from a terminal or a script, over one connection; help lists them.\n" +
			"With VERB it runs that alone. The words of zkCli.sh make it behave as zkCli.sh:\n\n" +
			"  quoll shell -server h:p -timeout MS -r -waitforconnection\n" +
			"      -client-configuration F VERB",
		DisableFlagsInUseLine: true,
		GroupID:               groupVerbs,
	}
	flags := cmd.Flags()
	flags.SetInterspersed(false) // what follows VERB is its own
	set.ConnectionFlags(flags)
	set.RunFlags(flags)
	flags.BoolVar(&wait, "wait-for-connection", false, "do nothing before there is one")
	flags.StringVar(&properties, "client-configuration", "",
		"`FILE` of client properties, as zkCli's")
	flags.BoolVar(&zk, strings.TrimPrefix(zkcli.Flag, "--"), false, "divide lines as zkCli.sh does")
	verb.CompleteFlags(cmd, host)
	failed := func(err error) error {
		if err == nil {
			return nil
		}
		return &verb.Failure{Err: err, Format: set.Output}
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return failed(fault.Usage("%w; shell --help says more", err))
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := set.Resolve(flags.Changed, host.Getenv); err != nil {
			return failed(err)
		}
		if zk && !flags.Changed("output") {
			set.Output = "zkcli"
		}
		if properties != "" {
			unknown, err := zkcli.Properties(properties, &set)
			if err != nil {
				return failed(err)
			}
			if len(unknown) > 0 && !set.Quiet {
				cmd.PrintErrln(properties+": without a meaning here:", strings.Join(unknown, " "))
			}
		}
		s := loop.New(loop.Options{
			Table: verbs.Table(), Host: host, Settings: set, ZkCLI: zk, WaitForever: wait,
			Version: version(),
		})
		code := 0
		if len(args) > 0 {
			code = s.Once(cmd.Context(), args)
		} else {
			code = s.Loop(cmd.Context(), os.Stdin, os.Stdout)
		}
		if code != 0 {
			return failed(fault.Silent(code))
		}
		return nil
	}
	return cmd
}

// version is the version of the build, or the commit it was made of.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return info.Main.Version + " " + s.Value
		}
	}
	return info.Main.Version
}
