package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// quollVariable names the server's binary to the stand-in.
const quollVariable = "QUOLL_OF_THE_STAND_IN"

// standIns are the commands that the suites start Apache's server by.
func standIns() []string { return []string{"java", "zkServer.sh"} }

func standsInFor(name string) bool { return slices.Contains(standIns(), name) }

// standIn becomes the server that the command would have started. It returns when that fails.
func standIn(args, environment []string) error {
	quoll := os.Getenv(quollVariable)
	if len(args) < 2 || quoll == "" {
		return fmt.Errorf("needs a zoo.cfg, and a binary in %s", quollVariable)
	}
	file := args[len(args)-1]
	if err := takeOut(file); err != nil {
		return err
	}
	defines := append(slices.Clone(args[1:]), strings.Fields(os.Getenv("SERVER_JVMFLAGS"))...)
	return syscall.Exec(quoll, server(quoll, file, defines), environment)
}

// server is the command line of our server for those of Java's defines that are ZooKeeper's.
func server(quoll, file string, args []string) []string {
	line := []string{quoll, "server", file, "-D", "quoll.logLevel=warn"}
	for _, a := range args {
		define, ok := strings.CutPrefix(a, "-D")
		if ok && strings.HasPrefix(define, "zookeeper.") && !strings.Contains(define, "log") {
			line = append(line, "-D", define)
		}
	}
	return line
}

// takeOut removes the settings that Quoll refuses, with which the suites come.
func takeOut(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	refused := regexp.MustCompile(
		`(?m)^(secureClientPort|serverCnxnFactory|authProvider|ssl\.|reconfigEnabled|` +
			`localSessions)\S*\n`)
	return os.WriteFile(file, refused.ReplaceAll(text, nil), 0o600)
}
