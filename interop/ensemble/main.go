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
// Read main.go, stage.go, rounds.go, joins.go with traces.go, verify.go, then unreadable.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

type settings struct {
	quoll   string
	mixture string
	rounds  int
	seed    uint64
	dir     string
	keep    bool
	joins   bool
	wedge   bool
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "our server's binary")
	flag.StringVar(&s.mixture, "mixture", "aaa", "a letter a member: a or q; A and Q observe")
	flag.IntVar(&s.rounds, "rounds", 4, "rounds of kills")
	flag.Uint64Var(&s.seed, "seed", 1, "of the choices; the moments are the machine's")
	flag.BoolVar(&s.joins, "joins", false, "members join 1 and 3 in each way")
	flag.BoolVar(&s.wedge, "wedge", false, "see what one unreadable write does to Apache's leader")
	flag.StringVar(&s.dir, "dir", "", "for directories and logs; empty: a new one")
	flag.BoolVar(&s.keep, "keep", false, "keep it")
	flag.Parse()
	if abs, err := filepath.Abs(s.quoll); err == nil {
		s.quoll = abs
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	ctx, cancel2 := context.WithTimeout(ctx, 2*time.Hour)
	defer cancel2()
	if err := perform(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "ensemble:", err)
		os.Exit(1)
	}
}

func perform(ctx context.Context, s settings) (err error) {
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
	st, err := newStage(ctx, s)
	if err != nil {
		return err
	}
	defer st.close()
	switch {
	case s.joins:
		return st.joins(ctx)
	case s.wedge:
		return st.wedge(ctx)
	}
	return st.kills(ctx, s.rounds)
}
