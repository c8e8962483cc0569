package verb

import (
	"slices"
	"strings"
)

// Dashes gives the flags of several letters that zkCli writes with one dash their second one: cobra
// would read -add as -a -d -d. args begins with the name of the verb.
func Dashes(table []Maker, args []string) []string {
	v := find(table, args)
	if v == nil || len(v.Dashed) == 0 {
		return args
	}
	args = slices.Clone(args)
	for i, arg := range args {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(arg, "=")
		if flag, ok := strings.CutPrefix(name, "-"); ok && slices.Contains(v.Dashed, flag) {
			args[i] = "-" + arg
		}
	}
	return args
}
