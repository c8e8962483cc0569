// Package verb says what a verb is, and makes a cobra command of it, for the process that does one
// verb and for the shell alike.
//
// How a verb is added:
//
//  1. Write a function that returns a Verb, in a room of its family (internal/shell/nodes,
//     internal/shell/admin, ...), in a file of its own. What its flags set are variables of that
//     function, so that each run begins with the defaults: commands are made anew for each run.
//  2. What it finds is a struct with json tags that has a method Text(*output.Page), and
//     ZkCLI(*output.Page) or Raw(io.Writer) if it differs there. Hand it to Env.Out.Item. Call
//     Env.Out.List before, if there may be several.
//  3. Return errors as they come: fault knows their exit codes. For one of your own there is
//     fault.Error, for a wrong command line fault.Usage.
//  4. Add the function to the table in internal/shell/verbs, and an example to its golden test,
//     which freezes the names of the json fields.
//
// What Env gives: Client (connected, by the settings), Path (relative to the shell's directory),
// Data (-, @FILE, @@), Confirm (for what people may regret), Out, Note (a line on stderr that
// --quiet drops), Stdin, Watch (for a watch that was left). The context of Run ends with --timeout,
// and when a signal or Ctrl-C ends the verb.
//
// Read verb.go, env.go, confirm.go, command.go (from a Verb to a cobra command), run.go (one run),
// signals.go, usage.go, watch.go, denied.go, complete.go, values.go, dashes.go, leading.go.
package verb
