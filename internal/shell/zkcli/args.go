package zkcli

import (
	"slices"
	"strconv"
	"strings"
)

// Flag is what is put in front of arguments that have zkCli.sh's form.
const Flag = "--zkcli"

// Args makes the arguments of zkCli.sh those of quoll shell. What follows the first word without a
// dash is a command, and stays. Arguments without a word of zkCli.sh's come back as they are.
func Args(args []string) []string {
	var out []string
	known := false
	for i := 0; i < len(args); i++ {
		word := args[i]
		if !strings.HasPrefix(word, "-") || word == "--" {
			out = append(out, args[i:]...)
			break
		}
		flag, value := "", false
		switch word {
		case "-server":
			flag, value = "--server", true
		case "-timeout":
			flag, value = "--session-timeout", true
		case "-client-configuration":
			flag, value = "--client-configuration", true
		case "-r":
			flag = "--read-only"
		case "-waitforconnection":
			flag = "--wait-for-connection"
		}
		if flag == "" { // ours
			out = append(out, word)
			if hasValue(word) && i+1 < len(args) {
				i++
				out = append(out, args[i])
			}
			continue
		}
		known = true
		out = append(out, flag)
		if value && i+1 < len(args) {
			i++
			out = append(out, milliseconds(flag, args[i]))
		}
	}
	if known {
		out = slices.Insert(out, 0, Flag)
	}
	return out
}

// milliseconds gives a timeout that is only a number its unit.
func milliseconds(flag, value string) string {
	if _, err := strconv.Atoi(value); err == nil && flag == "--session-timeout" {
		return value + "ms"
	}
	return value
}

// hasValue reports whether a flag of quoll shell has its value in the next argument.
func hasValue(word string) bool {
	switch word {
	case "--read-only", "--yes", "--dry-run", "--quiet", "--debug", "--help", "-h",
		"--wait-for-connection", Flag:
		return false
	}
	return !strings.Contains(word, "=")
}
