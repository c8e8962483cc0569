package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/inspect"
)

func logCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Look into transaction logs, ZooKeeper's and Quoll's",
		Args:  arguments(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(logDumpCommand(), logVerifyCommand())
	return cmd
}

func logDumpCommand() *cobra.Command {
	var asJSON bool
	var from, to string
	cmd := &cobra.Command{
		Use:   "dump FILE...",
		Short: "Print the transactions of log files, one a line",
		Args:  arguments(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			first, err := parseZxid(from)
			if err != nil {
				return usage(err)
			}
			last, err := parseZxid(to)
			if err != nil {
				return usage(err)
			}
			pick := inspect.LogRange{From: first, To: last}
			return eachFile(cmd, asJSON, files, func(f string, p *printer) error {
				return inspect.Log(persistence.OS{}, f, pick, p)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().StringVar(&from, "from", "0", "first zxid, hexadecimal with 0x in front or decimal")
	cmd.Flags().StringVar(&to, "to", "0", "last zxid; 0 is no limit")
	return cmd
}

func logVerifyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify PATH...",
		Short: "Check log files, or all logs of a data directory and that they join",
		Args:  arguments(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, paths []string) error {
			return eachFile(cmd, asJSON, paths, func(f string, p *printer) error {
				if inspect.IsDir(persistence.OS{}, f) {
					return inspect.VerifyDir(persistence.OS{}, f, p)
				}
				v, err := inspect.VerifyLog(persistence.OS{}, f)
				p.Verdict(v)
				return err
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON, one object a line")
}

type printer = inspect.Printer

// eachFile runs do on every file, also when an earlier file was not sound.
func eachFile(
	cmd *cobra.Command, asJSON bool, files []string, do func(f string, p *printer) error,
) error {
	format := inspect.Text
	if asJSON {
		format = inspect.JSON
	}
	p := inspect.NewPrinter(cmd.OutOrStdout(), format)
	var errs error
	for _, f := range files {
		if err := do(f, p); err != nil && !errors.Is(errs, err) {
			errs = errors.Join(errs, err)
		}
	}
	return errors.Join(errs, p.Flush())
}

// parseZxid reads a hexadecimal number with 0x in front, or a decimal number.
func parseZxid(s string) (jute.Zxid, error) {
	base := 10
	digits, isHex := strings.CutPrefix(s, "0x")
	if isHex {
		base = 16
	}
	v, err := strconv.ParseInt(digits, base, 64)
	return jute.Zxid(v), err
}
