package main

import (
	"github.com/spf13/cobra"

	"quoll/internal/shell/verb"
	"quoll/internal/shell/verbs"
	"quoll/internal/shell/zkcli"
)

// The groups of subcommands in the help.
const (
	groupServer = "server"
	groupVerbs  = "verbs"
)

// addVerbs adds a subcommand for each verb of the shell. They have exit codes of their own.
func addVerbs(root *cobra.Command, h *verb.Host) {
	root.AddGroup(&cobra.Group{ID: groupServer, Title: "The server and its files:"},
		&cobra.Group{ID: groupVerbs, Title: "Nodes, of any ZooKeeper server:"})
	for _, cmd := range root.Commands() {
		cmd.GroupID = groupServer
	}
	for _, cmd := range verb.Commands(verbs.Table(), h) {
		cmd.GroupID = groupVerbs
		root.AddCommand(cmd)
	}
	root.AddCommand(shellCommand(h))
}

// verbArgs are the arguments as cobra can read them.
func verbArgs(args []string) []string {
	args = verb.Leading(args)
	if len(args) > 0 && args[0] == "shell" {
		return append(args[:1:1], zkcli.Args(args[1:])...)
	}
	return verb.Dashes(verbs.Table(), args)
}
