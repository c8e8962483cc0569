package matrix

import "context"

// Client is one foreign client of the matrix.
type Client struct {
	// Name is what -only and the results file call it.
	Name string
	// Title and Version are for people: the README's table.
	Title, Version string
	// Prepare builds the program and installs what it needs.
	Prepare func(context.Context, Dirs) (Program, error)
}

// Program is a prepared client.
type Program struct {
	// Argv runs it; the string ADDR in it is replaced by the server's host:port.
	Argv []string
	// Env is added to the environment.
	Env []string
	// Script is a file of commands for a shell; empty for a program with its own checks.
	Script string
}

// addrMark stands for the server's address in Program.Argv.
const addrMark = "ADDR"

// Dirs are the directories that a run reads and writes.
type Dirs struct {
	// Source is the interop directory of the checkout.
	Source string
	// Cache holds what is built, installed and logged.
	Cache string
}

// Clients lists the matrix in the order of the README's table.
func Clients() []Client {
	return []Client{
		{"java", "Java client, every operation", "3.9.5", prepareJava},
		{"zkcli", "zkCli", "3.9.5", prepareZKCli},
		{"curator", "Curator", "5.9.0", prepareCurator},
		{"kazoo", "kazoo (Python)", "2.11.0", prepareKazoo},
		{"c", "C client, multi-threaded", "Debian's", prepareC},
		{"cli_mt", "cli_mt (C shell)", "Debian's", prepareCliMT},
		{"gozk", "go-zookeeper", "1.0.4", prepareGoZK},
		{"node", "node-zookeeper-client", "1.1.3", prepareNode},
	}
}
