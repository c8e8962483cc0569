package verbs

import (
	"quoll/internal/shell/nodes"
	"quoll/internal/shell/verb"
)

// Table has all verbs, in the order of the help.
func Table() []verb.Maker {
	return []verb.Maker{
		nodes.Ls, nodes.Get, nodes.Stat,
		nodes.Create, nodes.Set, nodes.Touch, nodes.Rm, nodes.Rmr,
	}
}
