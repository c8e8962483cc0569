// Package loop is quoll shell: it reads lines and runs verbs, with one connection for all of them.
//
// A line is one of the shell's own commands (builtins.go), or a verb: its cobra command is made
// anew from the table, so that no flag of an earlier line is left. While a verb runs, Ctrl-C ends
// the verb; at the prompt it clears the line. Events of watches are printed above the line that is
// being edited.
//
// Read shell.go, run.go (one line), builtins.go with moving.go and repeat.go, prompt.go,
// complete.go, help.go.
package loop
