package apache

import (
	"context"
	"maps"
	"slices"

	"quoll/interop/process"
)

// Options says what server to run; see process.Options.
type Options = process.Options

// Server is a running Apache ZooKeeper; see process.Server.
type Server = process.Server

// JVMFlags returns the flags for a server or tool that lives for seconds: a JVM that starts
// fast rather than one that runs fast. A benchmark sets Options.JVM instead. The last two keep
// the logs to warnings.
func JVMFlags() []string {
	return []string{
		"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx512m",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-Dzookeeper.jmx.log4j.disable=true",
	}
}

// Start runs Apache ZooKeeper and waits until it answers srvr. ErrNoJava if java or mvn is
// missing.
func Start(ctx context.Context, o Options) (*Server, error) {
	command, err := Command(ctx)
	if err != nil {
		return nil, err
	}
	return process.Start(ctx, command, o)
}

// StartOne runs Apache's server, or ours: what has to hold for one is tried with the other too.
func StartOne(
	ctx context.Context, theirs bool, binary string, o Options,
) (*Server, error) {
	if theirs {
		return Start(ctx, o)
	}
	return process.StartQuoll(ctx, binary, o)
}

// Command is the command that runs Apache ZooKeeper. ErrNoJava if java or mvn is missing.
func Command(ctx context.Context) (process.Command, error) {
	classPath, err := ClassPath(ctx)
	if err != nil {
		return nil, err
	}
	return func(config string, o Options) []string {
		argv := []string{"java"}
		if o.JVM != nil {
			argv = append(argv, o.JVM...)
		} else {
			argv = append(argv, JVMFlags()...)
		}
		for _, key := range slices.Sorted(maps.Keys(o.SystemProps)) {
			argv = append(argv, "-D"+key+"="+o.SystemProps[key])
		}
		return append(argv, "-cp", classPath,
			"org.apache.zookeeper.server.quorum.QuorumPeerMain", config)
	}, nil
}
