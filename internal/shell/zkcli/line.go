package zkcli

import (
	"slices"
	"strings"
)

// Deprecated gives the commands of ZooKeeper 3.4 their present form: a second argument that asked
// for a watch, or was the version to delete, is a flag now. note is what zkCli says of that.
//
// Apache's own shell forgets the version, and deletes whatever is there.
func Deprecated(words []string) (now []string, note string) {
	if len(words) == 0 {
		return words, ""
	}
	at := secondArgument(words)
	if at < 0 {
		return words, ""
	}
	now = slices.Clone(words)
	switch words[0] {
	case "ls":
		now[at], note = "-w", deprecated("ls path [watch]", "ls [-w] path")
	case "stat":
		now[at], note = "-w", deprecated("stat path [watch]", "stat [-w] path")
	case "get":
		now[at], note = "-w", deprecated("get path [watch]", "get [-s] [-w] path")
	case "delete":
		now = slices.Insert(now, at, "-v")
		note = deprecated("delete path [version]", "delete [-v version] path")
	}
	return now, note
}

func deprecated(form, now string) string {
	return "'" + form + "' has been deprecated. Please use '" + now + "' instead."
}

// secondArgument is where the second word stands that is no flag; -1 if there is none, or more.
func secondArgument(words []string) int {
	at, n := -1, 0
	for i := 1; i < len(words); i++ {
		switch word := words[i]; {
		case word == "--":
			return -1
		case word == "-v":
			i++
		case !strings.HasPrefix(word, "-"):
			if n++; n == 2 {
				at = i
			}
		}
	}
	if n != 2 {
		return -1
	}
	return at
}
