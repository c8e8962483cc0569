package verb

import (
	"context"

	"github.com/spf13/pflag"
)

// Verb is a command of one-shot and shell.
type Verb struct {
	Name    string   // "ls"; of two words it is a subcommand: "acl get"
	Aliases []string // other names, zkCli's among them; of a subcommand: commands of their own
	// ShellAliases are names in the shell alone: outside, the server has them.
	ShellAliases []string
	Args         string // how its arguments are written: "PATH..."
	Short        string // one line
	Long         string // the rest; may be ""
	Example      string // one or more command lines

	Flags func(f *pflag.FlagSet) // nil: none of its own
	Min   int                    // arguments at least
	Max   int                    // arguments at most; Any: no limit

	Writes  bool // changes nodes: confirmed in a protected context
	DryRun  bool // of those that write: knows what --dry-run is
	Endless bool // no --timeout unless it is given
	Local   bool // needs no server

	// Dashed are flags of several letters that zkCli writes with one dash.
	Dashed []string
	// Values are what the value of a flag may be, of those that have a few. A flag whose help calls
	// it a FILE, or the PATH of a node, needs none.
	Values map[string][]string
	// Complete finds what the argument at the cursor may be; nil: nothing. Paths does for paths.
	Complete func(ctx context.Context, e *Env, args []string, word string) []string
	// Run does it. A Verb without it only has subcommands.
	Run func(ctx context.Context, e *Env, args []string) error
}

// Any as Verb.Max is no limit.
const Any = -1

// A Maker makes a Verb with the defaults of its flags.
type Maker func() Verb
