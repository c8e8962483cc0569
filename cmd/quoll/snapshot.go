package main

import (
	"errors"

	"github.com/spf13/cobra"

	"quoll/persistence"
	"quoll/persistence/inspect"
)

func snapshotCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "snapshot",
		Short: "Look into snapshots, ZooKeeper's and Quoll's, plain, gzip or snappy",
		Args:  arguments(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(snapshotDumpCommand(), snapshotVerifyCommand(),
		snapshotDiffCommand(), snapshotSummaryCommand())
	return cmd
}

func snapshotDumpCommand() *cobra.Command {
	var asJSON bool
	var opt inspect.SnapshotOptions
	cmd := &cobra.Command{
		Use:   "dump FILE...",
		Short: "Print the nodes and sessions of snapshots, one a line",
		Args:  arguments(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			return eachFile(cmd, asJSON, files, func(f string, p *printer) error {
				return inspect.Snapshot(persistence.OS{}, f, opt, p)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVar(&opt.Data, "data", false, "print the nodes' data")
	cmd.Flags().BoolVar(&opt.ACLs, "acls", false, "print the table of ACLs")
	return cmd
}

func snapshotVerifyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Check that snapshots are whole",
		Args:  arguments(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			return eachFile(cmd, asJSON, files, func(f string, p *printer) error {
				return inspect.VerifySnapshot(persistence.OS{}, f, p)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// errDiffer ends a diff that found a difference: as with diff(1), the exit code is 1.
var errDiffer = errors.New("the snapshots differ")

func snapshotDiffCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff LEFT RIGHT",
		Short: "Print what differs between two snapshots; exit code 1 if anything does",
		Args:  arguments(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, files []string) error {
			left := files[:1]
			return eachFile(cmd, asJSON, left, func(f string, p *printer) error {
				d, err := inspect.Diff(persistence.OS{}, f, files[1], p)
				if err == nil && d.Any() {
					err = errDiffer
				}
				return err
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func snapshotSummaryCommand() *cobra.Command {
	var asJSON bool
	var path string
	var depth int
	cmd := &cobra.Command{
		Use:   "summary FILE...",
		Short: "Print how many nodes and bytes of data are below each node",
		Args:  arguments(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			return eachFile(cmd, asJSON, files, func(f string, p *printer) error {
				return inspect.Summary(persistence.OS{}, f, path, depth, p)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().StringVar(&path, "path", "/", "the node to begin with")
	cmd.Flags().IntVar(&depth, "depth", 1, "levels below it that get a line of their own")
	return cmd
}
