// Command ensemble runs ensembles of Apache's servers and ours, in mixtures, under clients that
// write, read, watch and hold ephemeral nodes, and kills members meanwhile. Afterwards no
// acknowledged write, no session and no watch event may be lost, no read may have gone back, and
// all members must have one tree.
//
//	mixture "qaa": server 1 is ours, 2 and 3 are Apache's     Q and A: observers
//
//	start -> lead -> load -> faults of the round -> quorum -> finish -> verify -> next round
//
// What verify looks at: the tree of every member, read by a client; the digests that the members
// remember at equal zxids (the word hash); their transaction logs; and the history of the clients
// (package history).
//
//	go run ./interop/ensemble -quoll bin/quoll -mixture aaa   shows that the checks are right
//	go run ./interop/ensemble -quoll bin/quoll -short         part of make interop
//	go run ./interop/ensemble -quoll bin/quoll -all           make interop-ensemble
//
// Read main.go, scenes.go, stage.go, rounds.go, chaos.go, joins.go with traces.go, moments.go,
// verify.go with ondisk.go, then unreadable.go, attacked.go and fakeleader.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"
)

type settings struct {
	quoll   string
	mixture string
	what    string
	only    string
	rounds  int
	seed    uint64
	dir     string
	keep    bool
	short   bool
	all     bool
	kazoo   bool
	tap     bool
	attacks string
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "our server's binary")
	flag.BoolVar(&s.short, "short", false, "the rounds of make interop")
	flag.BoolVar(&s.all, "all", false, "the rounds of make interop-ensemble")
	flag.StringVar(&s.only, "only", "", "of these, the scenes whose mixture is this")
	flag.StringVar(&s.mixture, "mixture", "", "a letter a member: a or q; A and Q observe")
	flag.StringVar(&s.what, "what", "kills",
		"of the mixture: kills, chaos, joins, storm, packets, or wedge")
	flag.IntVar(&s.rounds, "rounds", 4, "rounds of kills")
	flag.Uint64Var(&s.seed, "seed", 1, "of the choices; the moments are the machine's")
	flag.StringVar(&s.attacks, "attacks", "",
		"attacks on a member's ports whose names hold this; : is all")
	flag.BoolVar(&s.tap, "tap", false, "write down the packets between members")
	flag.BoolVar(&s.kazoo, "kazoo", false,
		"xids begin at 1 on each connection to Apache's servers too")
	flag.StringVar(&s.dir, "dir", "", "for directories and logs; empty: a new one")
	flag.BoolVar(&s.keep, "keep", false, "keep it")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	ctx, cancel2 := context.WithTimeout(ctx, 2*time.Hour)
	defer cancel2()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "ensemble:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "quoll-ensemble-"); err != nil {
			return err
		}
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n(directories and logs: %s)", err, s.dir)
		} else if !s.keep {
			os.RemoveAll(s.dir)
		}
	}()
	scenes := []scene{given(s)}
	switch {
	case s.short:
		scenes = shortScenes()
	case s.attacks != "":
		scenes = attackScenes(s.mixture, s.attacks)
	case s.all:
		scenes = allScenes()
	}
	if s.only != "" {
		scenes = slices.DeleteFunc(scenes, func(sc scene) bool { return sc.mixture != s.only })
	}
	return perform(ctx, s, scenes)
}
