// Command disk moves one data directory back and forth between Quoll and Apache ZooKeeper.
//
//	Apache -> Quoll -> Apache -> ...      stopped cleanly, or killed, between the two
//
// Each server that takes over must show the tree that the one before had: the same nodes, data,
// Stats and ACLs, and no transaction whose digest differs from the tree's. Then it changes the
// tree, by every kind of write, and hands it on.
//
//	go run ./interop/disk -quoll bin/quoll -rounds 20 -nodes 100000
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"quoll/interop/apache"
	"quoll/interop/process"
	"quoll/interop/tree"
)

type settings struct {
	quoll  string
	rounds int
	nodes  int
	seed   uint64
	keep   bool
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.IntVar(&s.rounds, "rounds", 3, "round trips Apache -> Quoll -> Apache")
	flag.IntVar(&s.nodes, "nodes", 100_000, "nodes in the tree")
	flag.Uint64Var(&s.seed, "seed", 1, "of the changes")
	flag.BoolVar(&s.keep, "keep", false, "keep the data directory")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "disk:", err)
		os.Exit(1)
	}
}

// relay is one directory on its way through servers.
type relay struct {
	settings
	dir    string
	random *rand.Rand
	before tree.Tree // what the last server showed
	next   int       // number of the next node
}

func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "quoll-disk-")
	if err != nil {
		return err
	}
	if !s.keep {
		defer os.RemoveAll(dir)
	}
	r := &relay{settings: s, dir: dir, random: rand.New(rand.NewPCG(s.seed, 0))}
	for round := range s.rounds {
		for _, who := range []string{"apache", "quoll"} {
			if err := r.leg(ctx, who, round); err != nil {
				return fmt.Errorf("round %d, %s (directory %s): %w", round, who, dir, err)
			}
		}
	}
	if err := r.leg(ctx, "apache", s.rounds); err != nil {
		return fmt.Errorf("the last check (directory %s): %w", dir, err)
	}
	fmt.Printf("disk: %d round trips, %d nodes, 0 differences\n", s.rounds, len(r.before))
	return nil
}

// leg starts a server on the directory, compares, changes, and ends it.
func (r *relay) leg(ctx context.Context, who string, round int) error {
	begin := time.Now()
	server, err := r.start(ctx, who, round)
	if err != nil {
		return err
	}
	defer server.Kill()
	up := time.Since(begin)
	now, err := tree.Read(ctx, server.Addr(), "u:p")
	if err != nil {
		return err
	}
	if r.before != nil {
		if err := r.before.Compare(now); err != nil {
			return err
		}
	}
	if err := r.change(ctx, server.Addr()); err != nil {
		return err
	}
	if r.before, err = tree.Read(ctx, server.Addr(), "u:p"); err != nil {
		return err
	}
	if err := healthy(ctx, server.Addr()); err != nil {
		return err
	}
	how := "stopped"
	if r.random.IntN(2) == 0 {
		how = "killed"
		server.Kill()
	} else if _, err := server.Stop(); err != nil {
		return err
	}
	fmt.Printf("disk: round %d %-6s up in %4d ms, %d nodes, %s\n",
		round, who, up.Milliseconds(), len(r.before), how)
	return nil
}

func (r *relay) start(ctx context.Context, who string, round int) (*process.Server, error) {
	port, err := process.FreePort()
	if err != nil {
		return nil, err
	}
	compression := []string{"", "gz", ""}[round%3]
	if who == "apache" && round%3 == 2 {
		compression = "snappy"
	}
	o := process.Options{
		DataDir: r.dir, Port: port,
		ExtraConfig: map[string]string{
			"tickTime": "2000", "maxSessionTimeout": "3600000", "maxClientCnxns": "0",
			"4lw.commands.whitelist": "*",
		},
		SystemProps: map[string]string{
			"zookeeper.extendedTypesEnabled":        "true",
			"zookeeper.snapCount":                   "20000",
			"znode.container.checkIntervalMs":       "3600000",
			"zookeeper.snapshot.compression.method": compression,
			"zookeeper.preAllocSize":                "4096",
			"zookeeper.digest.enabled":              "true",
		},
	}
	log, err := os.Create(filepath.Join(r.dir, "..", filepath.Base(r.dir)+"-"+who+".log"))
	if err != nil {
		return nil, err
	}
	o.Log = log
	return apache.StartOne(ctx, who == "apache", r.quoll, o)
}

// healthy says whether the server found a transaction whose digest was not the tree's.
func healthy(ctx context.Context, addr string) error {
	text, err := process.FourLetter(ctx, addr, "mntr")
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if key == "zk_digest_mismatches_count" {
			if value != "0" {
				return fmt.Errorf("%s transactions with a digest that is not the tree's", value)
			}
			return nil
		}
	}
	return fmt.Errorf("mntr has no zk_digest_mismatches_count:\n%.300s", text)
}
